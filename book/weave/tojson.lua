-- tojson.lua: print a Lua table as JSON.
local function put(v)
  if type(v) == 'table' then
    if #v > 0 or next(v) == nil then
      io.write('[')
      for i, x in ipairs(v) do
        if i > 1 then io.write(',') end
        put(x)
      end
      io.write(']')
    else
      io.write('{')
      local first = true
      for k, x in pairs(v) do
        if not first then io.write(',') end
        first = false
        put(tostring(k))
        io.write(':')
        put(x)
      end
      io.write('}')
    end
  elseif type(v) == 'string' then
    io.write('"', (v:gsub('[%c"\\]', function(c) return ('\\u%04x'):format(c:byte()) end)), '"')
  else io.write(tostring(v)) end
end
return put
