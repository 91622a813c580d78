-- blocks.lua: exercises, notes, asides, epigraphs, and the list of changes.
local escape, ctx, code, store = require 'escape', require 'context', require 'code', require 'store'
local M = {}

local function wrap(before, blocks, after)
  local out = pandoc.List{ctx.block(before)}
  out:extend(blocks)
  out:insert(ctx.block(after))
  return out
end

local exercises = {}
for _, label in ipairs(ctx.slice.own or {}) do
  if label.kind == 'ex' and ctx.shown(label) then exercises[#exercises + 1] = label.number end
end
local exercise_at = 0

-- A title may hold `code`.
local function title_tex(title)
  return (escape.tex(title:gsub('`', '\1')):gsub('\1(.-)\1', '\\nwcode{%1}'))
end

local function exercise(div)
  local a = div.attributes
  local difficulty = tonumber(a.difficulty) or 1
  local commands = {}
  exercise_at = exercise_at + 1
  if a.code then
    local name = ('%02d/%s'):format(ctx.chapter, a.code)
    commands = {'make exercise EX=' .. name, 'make grade EX=' .. name}
  end
  if ctx.html then
    local title = a.title and '<b class="title">' .. escape.html(a.title) .. '</b> ' or ''
    return wrap(('<div class="exercise" id="%s"><p class="exercisehead"><b>%s</b> %s<span class="stars" title="difficulty %d of 5">%s</span> <span class="time">%s</span></p>')
        :format(div.identifier, exercises[exercise_at] or '?', title, difficulty, ('★'):rep(difficulty), escape.html(a.time or '')),
      div.content,
      (#commands > 0 and '<p class="commands"><code>' .. table.concat(commands, '</code><br/><code>') .. '</code></p>' or '') .. '</div>')
  end
  for i, c in ipairs(commands) do commands[i] = escape.tex(c) end
  return wrap(('\\begin{exercise}{%s}{%s}{%s}{%d}{%s}'):format(div.identifier, exercises[exercise_at] or '?',
      title_tex(a.title or ''), difficulty, escape.tex(a.time or '')),
    div.content,
    (#commands > 0 and '\\exercisecommands{' .. table.concat(commands, '\\quad ') .. '}' or '') .. '\\end{exercise}')
end

local function note(div)
  local title = ctx.markdown(div.attributes.title)
  local out = pandoc.List{}
  local head = pandoc.List{ctx.inline(ctx.html and '<p class="notehead">' or '\\begin{notebox}{')}
  head:extend(title)
  head:insert(ctx.inline(ctx.html and '</p>' or '}'))
  if ctx.html then out:insert(ctx.block('<div class="note">')) end
  out:insert(pandoc.Plain(head))
  out:extend(div.content)
  out:insert(ctx.block(ctx.html and '</div>' or '\\end{notebox}'))
  return out
end

local function aside(div)
  if ctx.html then return wrap('<aside>', div.content, '</aside>') end
  return wrap('\\aside{%', div.content, '}')
end

local function epigraph(div)
  local by = pandoc.List{ctx.inline(ctx.html and '<footer>' or '\\begin{epigraph}{')}
  by:extend(ctx.markdown(div.attributes.by))
  by:insert(ctx.inline(ctx.html and '</footer></blockquote>' or '}'))
  if ctx.html then
    local out = wrap('<blockquote class="epigraph">', div.content, '')
    out[#out] = pandoc.Plain(by)
    return out
  end
  local out = pandoc.List{pandoc.Plain(by)}
  out:extend(div.content)
  out:insert(ctx.block('\\end{epigraph}'))
  return out
end

function M.div(div)
  for name, make in pairs {exercise = exercise, note = note, aside = aside, epigraph = epigraph} do
    if div.classes:includes(name) then return make(div) end
  end
end

---------------------------------------------------------------- what changed
-- changes.py has compared this checkpoint with the one before.
local function set_name(name)
  if ctx.html then return '<code>' .. escape.html(name) .. '</code>' end
  return '\\nwcode{' .. escape.tex(name):gsub('\\_', '\\_\\allowbreak{}') .. '}'
end

local function names(list)
  local out = {}
  for i, n in ipairs(list) do out[i] = set_name(n) end
  return table.concat(out, ', ')
end

local function by_directory(a, b)
  local da, db = a:match('^(.*/)') or '', b:match('^(.*/)') or ''
  if da ~= db then return da < db end
  return a < b
end

-- Files by directory, each directory named once.
local function files(list)
  local out, last = {}, nil
  for _, path in ipairs(list) do
    local dir, name = path:match('^(.*/)([^/]*)$')
    dir, name = dir or './', name or path
    if dir ~= last then
      local set = ctx.html and '<span class="dir">' .. escape.html(dir) .. '</span> ' or '\\changedir{' .. escape.tex(dir) .. '}'
      out[#out + 1] = (last and (ctx.html and '<br/>' or '\\\\ ') or '') .. set .. set_name(name)
    else
      out[#out + 1] = ', ' .. set_name(name)
    end
    last = dir
  end
  return table.concat(out)
end

local MANY = 24             -- more names than these are only counted

local function without_tests(list)
  local out, tests = {}, 0
  for _, path in ipairs(list) do
    if path:match('^tests/') then tests = tests + 1 else out[#out + 1] = path end
  end
  if tests > 0 then out[#out + 1] = ('tests/%d files'):format(tests) end
  return out
end

local function quantity(n) return escape.thousands(tostring(n)) end

function M.changes()
  local c = store.read(('build/weave/changes/%02d.lua'):format(ctx.chapter))
  if not c then return ctx.block(ctx.missing('.changes', 'the list of changes')) end
  local rows = {}
  table.sort(c.files_added, by_directory)
  table.sort(c.files_changed, by_directory)
  local function row(head, text) if text ~= '' then rows[#rows + 1] = {head, text} end end
  row('Files added', files(without_tests(c.files_added)))
  row('Files changed', files(without_tests(c.files_changed)))
  row('Structures', names(c.types_added))
  row('Functions changed', #c.functions_changed <= MANY and names(c.functions_changed) or quantity(#c.functions_changed))
  row('Functions added', quantity(#c.functions_added))
  local percent = c.lines_after > 0 and math.floor(100 * c.lines_chapter / c.lines_after + 0.5) or 0
  local unit = ctx.html and '%' or '\\%'
  row('Lines of code', ('%s in this chapter, %d%s of a checkpoint of %s%s'):format(quantity(c.lines_chapter),
    percent, unit, quantity(c.lines_after),
    c.lines_before > 0 and ' (before: ' .. quantity(c.lines_before) .. ')' or ''))
  local function sizes(s)
    return ('text %s, data %s, bss %s'):format(quantity(s.text), quantity(s.data), quantity(s.bss))
  end
  if c.size_after then
    row('Bytes', sizes(c.size_after) .. (c.size_before and ' (before: ' .. sizes(c.size_before) .. ')' or ''))
  end
  local out = {}
  for i, r in ipairs(rows) do
    out[i] = ctx.html and ('<dt>%s</dt><dd>%s</dd>'):format(r[1], r[2]) or ('\\change{%s}{%s}'):format(r[1], r[2])
  end
  if ctx.html then return ctx.block('<dl class="changes">' .. table.concat(out, '\n') .. '</dl>') end
  return ctx.block('\\begin{changes}\n' .. table.concat(out, '\n') .. '\n\\end{changes}')
end

return M
