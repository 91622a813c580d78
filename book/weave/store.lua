-- store.lua: Lua tables in files. Keys are sorted, so that equal tables make
-- equal files, and a file that would not change is not touched.
local M = {}

local function literal(v, out)
  if type(v) ~= 'table' then
    out[#out + 1] = type(v) == 'string' and ('%q'):format(v) or tostring(v)
    return
  end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then return a < b end
    return type(a) == 'number'
  end)
  out[#out + 1] = '{'
  for _, k in ipairs(keys) do
    out[#out + 1] = '['
    literal(k, out)
    out[#out + 1] = ']='
    literal(v[k], out)
    out[#out + 1] = ',\n'
  end
  out[#out + 1] = '}'
end

function M.read_text(path)
  local f = io.open(path)
  if not f then return end
  local text = f:read('a')
  f:close()
  return text
end

function M.write_text(path, text)
  if M.read_text(path) == text then return end
  local part = os.tmpname():gsub('.*/', path .. '.')
  local f = assert(io.open(part, 'w'))
  f:write(text)
  f:close()
  assert(os.rename(part, path))           -- nobody sees half a file
end

function M.write(path, value)
  local out = {'return '}
  literal(value, out)
  out[#out + 1] = '\n'
  M.write_text(path, table.concat(out))
end

function M.read(path)
  local chunk = loadfile(path)
  return chunk and chunk()
end

return M
