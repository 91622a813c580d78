-- clex.lua: a lexer for highlighting, one line at a time.
--
-- line(text, state) returns a list of {kind, text [, class]}:
--   kw keyword   ty type or constant   cm comment   st string   pp preprocessor
--   nu number    id identifier         tx anything else
-- An identifier's class is 'tag' after struct, union or enum, 'member' after a
-- dot or an arrow, otherwise 'name'. state carries an open comment to the next
-- line and says which language it is: state.language, one of the table below.
local M = {}

local function set(kind, words, into)
  for word in words:gmatch('%S+') do into[word] = kind end
  return into
end

local C = set('kw', [[auto break case const continue default do else enum extern for goto if inline
  register restrict return sizeof static struct switch typedef union volatile while typeof
  __typeof__ _Static_assert static_assert _Noreturn _Alignas _Alignof _Generic _Atomic
  __attribute__ asm __asm__]], {})
set('ty', [[void char short int long float double signed unsigned bool _Bool size_t ssize_t va_list
  int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t intptr_t
  u8 u16 u32 u64 s8 s16 s32 s64 NULL true false]], C)
local LINKER = set('kw', [[SECTIONS PHDRS ENTRY OUTPUT_FORMAT OUTPUT_ARCH PROVIDE ASSERT KEEP ALIGN AT
  ADDR SIZEOF LOADADDR FLAGS PT_LOAD PT_NOTE]], {})
local MAKE = set('kw', 'include ifdef ifndef ifeq ifneq else endif define endef', {})

M.languages = {
  c = {words = C, comments = '//'},
  asm = {words = {}, comments = '#', directives = true},
  linker = {words = LINKER},
  make = {words = MAKE, comments = '#', hash = true},
  sh = {words = {}, comments = '#', hash = true},
}

-- The language of the file a root chunk makes.
function M.language(path)
  if path:match('%.lds$') or path:match('%.ld$') then return 'linker' end
  if path:match('%.S$') then return 'asm' end
  if path:match('Makefile$') or path:match('%.mk$') then return 'make' end
  if path:match('%.sh$') or path:match('%.py$') then return 'sh' end
  return 'c'
end

local function string_end(s, i)
  local quote, j = s:sub(i, i), i + 1
  while j <= #s do
    local c = s:sub(j, j)
    if c == '\\' then j = j + 2
    elseif c == quote then return j
    else j = j + 1 end
  end
  return #s
end

function M.line(s, state)
  local out, i = {}, 1
  local lang = M.languages[state.language or 'c']
  local last = ''                             -- the last thing that was no blank

  local function add(kind, text, class)
    local top = out[#out]
    if top and top[1] == kind and kind ~= 'id' then top[2] = top[2] .. text
    else out[#out + 1] = {kind, text, class} end
    if text:match('%S') then last = text:match('(%S+)%s*$') end
    i = i + #text
  end
  local function word(text)
    if lang.words[text] then return add(lang.words[text], text) end
    local class = 'name'
    if last == 'struct' or last == 'union' or last == 'enum' then class = 'tag'
    elseif last:match('%.$') and not last:match('%.%.%.$') or last:match('%->$') then class = 'member' end
    add('id', text, class)
  end

  while i <= #s do
    local one, two = s:sub(i, i), s:sub(i, i + 1)
    local blank_before = s:sub(1, i - 1):match('^%s*$')
    if state.comment then
      local _, e = s:find('*/', i, true)
      state.comment = e == nil
      add('cm', s:sub(i, e or #s))
    elseif two == '/*' and not lang.hash then
      state.comment = true
      add('cm', two)
    elseif lang.comments == '//' and two == '//'
        or lang.hash and one == '#' and (blank_before or s:sub(i - 1, i - 1):match('%s')) then
      add('cm', s:sub(i))
    elseif one == '#' and blank_before and lang.comments == '//'
        or one == '#' and blank_before and lang.directives
           and s:match('^#%s*%l+', i) and s:match('^#%s*(%l+)', i):match('^[ideupw]') then
      local directive = s:match('^#%s*%a*', i)
      add('pp', directive)
      local header = directive:match('include') and s:match('^%s*<[^>]*>', i)
      if header then add('st', header) end
    elseif lang.directives and one == '#' and (blank_before or s:sub(i - 1, i - 1):match('%s')) then
      add('cm', s:sub(i))
    elseif one == '"' or one == "'" and lang.comments == '//' then
      add('st', s:sub(i, string_end(s, i)))
    elseif lang.directives and s:match('^%.[%a_]', i) and not s:sub(i - 1, i - 1):match('[%w_]') then
      add('kw', s:match('^%.[%w_.]+', i))
    elseif s:match('^[%a_]', i) then
      word(s:match('^[%a_][%w_]*', i))
    elseif s:match('^%d', i) then
      add('nu', s:match('^%d[%w%.]*', i))
    else
      add('tx', s:match('^%s+', i) or one)
    end
  end
  return out
end

return M
