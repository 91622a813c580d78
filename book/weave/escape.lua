-- escape.lua: text and code for TeX and for HTML, and the look of chunk names.
local M = {}

local TEX = {['\\'] = '\\textbackslash{}', ['{'] = '\\{', ['}'] = '\\}', ['$'] = '\\$',
  ['&'] = '\\&', ['#'] = '\\#', ['%'] = '\\%', ['_'] = '\\_', ['^'] = '\\^{}',
  ['~'] = '\\textasciitilde{}', ['<'] = '<{}', ['>'] = '>{}', ['-'] = '-{}', ["'"] = "'{}",
  ['`'] = '\\textasciigrave{}'}
local HTML = {['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;'}

function M.html(s) return (s:gsub('[&<>"]', HTML)) end
function M.tex(s) return (s:gsub('[\\{}$&#%%_^~<>`\'-]', TEX)) end

-- Code: blanks keep their width; what the code face lacks comes from the text
-- face, in a box of one column.
function M.codetex(s)
  s = M.tex(s):gsub(' ', '\\ ')
  return (s:gsub('[\194-\244][\128-\191]*', function(c)
    return '\\odd{' .. c .. '}'
  end))
end

-- Tabs become blanks; also returns the width in columns.
function M.expand(s)
  local out, column = {}, 0
  for c in s:gmatch('[%z\1-\127\194-\244][\128-\191]*') do
    if c == '\t' then
      local n = 8 - column % 8
      out[#out + 1] = (' '):rep(n)
      column = column + n
    else
      out[#out + 1] = c
      column = column + 1
    end
  end
  return table.concat(out), column
end

function M.is_root(name)
  return name:match('^[%w_+./-]+$') ~= nil and (name:match('[./]') or name == 'Makefile') ~= nil
end

-- Words that look like code are set as code in a chunk's name: [[…]], names with
-- an underscore, and what stands before "()".
local function code_words(name, code)
  local held = {}
  local function hold(word)
    held[#held + 1] = word
    return '\3' .. #held .. '\3'
  end
  name = name:gsub('%[%[(.-)%]%]', hold):gsub('\1(.-)\2', hold)
  name = name:gsub('[%a_][%w_]*%(%)', hold)
  name = name:gsub('[%w]*_[%w_]+', hold)
  return name, function(s)
    return (s:gsub('\3(%d+)\3', function(n) return code(held[tonumber(n)]) end))
  end
end

function M.name_tex(name)
  if M.is_root(name) then return '\\nwfile{' .. M.tex(name) .. '}' end
  local text, put_back = code_words(name, function(w) return '\\nwfile{' .. M.tex(w) .. '}' end)
  return put_back(M.tex(text))
end

function M.name_html(name)
  if M.is_root(name) then return '<code>' .. M.html(name) .. '</code>' end
  local text, put_back = code_words(name, function(w) return '<code>' .. M.html(w) .. '</code>' end)
  return put_back(M.html(text))
end

-- A number as it stands in a sentence: 1,234,567.
function M.thousands(s)
  local sign, digits, rest = s:match('^(%-?)(%d+)(.*)$')
  if not digits or rest:match('^x') then return s end
  digits = digits:reverse():gsub('(%d%d%d)', '%1,'):reverse():gsub('^,', '')
  return sign .. digits .. rest
end

return M
