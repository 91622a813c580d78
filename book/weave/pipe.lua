-- pipe.lua: read the token stream that book/stream makes.
--
-- parse(text) returns a list of chapters, each {name=, items=, sources=}. An item is
--   {type='docs', lines={{n=, text=}, ...}}           or
--   {type='code', name=, replaces=bool, line=, seq=, lines={{n=, text=, use=}, ...}}
-- and has the file it stands in as source, and the room that this is: 'main' or
-- 'back' (tests are in the back room too). n and line are line numbers in that
-- file and use names the chunk that is included on that line. In docs, [[quoted
-- code]] is kept between \1 and \2.
local M = {}

M.QUOTE, M.ENDQUOTE = '\1', '\2'

function M.parse(stream)
  local files, file, item, current = {}, nil, nil, nil
  local number, source, room = 1, nil, nil

  local function newline()
    if item and current then item.lines[#item.lines + 1] = current end
    number = number + 1
    current = item and {n = number, text = ''} or nil
  end

  local handle = {
    chapter = function(name)
      file = {name = name, items = {}, chunks = 0, sources = {}, known = {}}
      files[#files + 1] = file
    end,
    file = function(name)
      source, number = name, 1
      room = (name:match('/back[^/]*%.nw$') or name:match('/tests[^/]*%.nw$')) and 'back' or 'main'
      if not file.known[name] then
        file.known[name] = true
        file.sources[#file.sources + 1] = name
      end
    end,
    line = function(n) number = tonumber(n) end,
    begin = function(what)
      item = {type = what:match('^%a+'), line = number, lines = {}, source = source, room = room}
      file.items[#file.items + 1] = item
      current = {n = number, text = ''}
    end,
    defn = function(name)
      item.replaces = name:match('^replace: ') ~= nil
      item.name = name:gsub('^replace: ', '')
      file.chunks = file.chunks + 1
      item.seq = file.chunks
      current = nil                       -- the rest of the <<name>>= line
    end,
    text = function(text) current.text = current.text .. text end,
    use = function(name)
      if item.type == 'docs' then current.text = current.text .. '<<' .. name .. '>>'
      else current.use = name end
    end,
    quote = function() current.text = current.text .. M.QUOTE end,
    endquote = function() current.text = current.text .. M.ENDQUOTE end,
    nl = newline,
    index = function(what) if what == 'nl' then number = number + 1 end end,
    fatal = function(message) error('markup: ' .. message) end,
  }
  handle['end'] = function()
    if current and current.text ~= '' then item.lines[#item.lines + 1] = current end
    item, current = nil, nil
  end

  for line in stream:gmatch('([^\n]*)\n') do
    local keyword, rest = line:match('^@(%S+) ?(.*)$')
    if handle[keyword] then handle[keyword](rest) end
  end
  return files
end

return M
