-- pipe.lua: read noweb's pipeline format (the output of `markup`).
--
-- parse(text) returns a list of files, each {name=, items=}. An item is
--   {type='docs', lines={{n=, text=}, ...}}           or
--   {type='code', name=, replaces=bool, line=, seq=, lines={{n=, text=, use=}, ...}}
-- where n and line are line numbers in the file and use names the chunk that is
-- included on that line. In docs, [[quoted code]] is kept between \1 and \2.
local M = {}

M.QUOTE, M.ENDQUOTE = '\1', '\2'

function M.parse(stream)
  local files, file, item, current = {}, nil, nil, nil
  local number = 1

  local function newline()
    if item and current then item.lines[#item.lines + 1] = current end
    number = number + 1
    current = item and {n = number, text = ''} or nil
  end

  local handle = {
    file = function(name)
      file = {name = name, items = {}, chunks = 0}
      files[#files + 1] = file
      number = 1
    end,
    begin = function(what)
      item = {type = what:match('^%a+'), line = number, lines = {}}
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
