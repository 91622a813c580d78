-- scan.lua: find and number what can be referred to in a chapter: sections,
-- figures, tables, equations, exercises. Works on the lines of the source, so
-- that every label has a place to report, and in the order TeX's counters run.
local M = {}

-- file(f, labels) sets f.labels (a list, in order), f.headings, and enters what
-- has an identifier into labels: id -> {number=, chapter=, kind=, where=}.
function M.file(file, labels)
  local chapter = file.chapter
  local count = {fig = 0, tbl = 0, eq = 0, ex = 0, section = 0, subsection = 0}
  local fence
  file.labels, file.headings = {}, {}

  local item

  local function enter(kind, id, number, line, stub)
    local where = item.source .. ':' .. line.n
    local entry = {id = id, kind = kind, number = number, where = where, room = item.room, stub = stub}
    file.labels[#file.labels + 1] = entry
    if not id then return end
    local old = labels[id]
    if old and not (old.stub and item.room == 'back' and not old.body) then
      io.stderr:write(('%s: error: label %s is already at %s\n'):format(where, id, old.where))
    end
    if old then
      old.body = true
    else
      labels[id] = {kind = kind, number = number, chapter = chapter, where = where, room = item.room, stub = stub}
    end
  end
  local function step(kind, id, line)
    count[kind] = count[kind] + 1
    enter(kind, id, chapter .. '.' .. count[kind], line)
  end

  local function heading(line)
    local marks, title = line.text:match('^(#+)%s+(.-)%s*$')
    if not marks or #marks > 3 then return end
    local attr = title:match('{([^}]*)}$') or ''
    local number
    local id = attr:match('#([%w:_-]+)')
    title = title:gsub('%s*{[^}]*}$', '')
    -- The section of a stub has the stub's number.
    local stub = labels[id]
    if stub and stub.stub and item.room == 'back' then
      if #marks == 2 then count.subsection = 0 end
      enter('sec', id, stub.number, line)
      return
    end
    if attr:match('%.unnumbered') or attr == '-' then number = nil
    elseif #marks == 1 then number = tostring(chapter)
    elseif #marks == 2 then
      count.section, count.subsection = count.section + 1, 0
      number = chapter .. '.' .. count.section
    else
      count.subsection = count.subsection + 1
      number = chapter .. '.' .. count.section .. '.' .. count.subsection
    end
    stub = attr:match('%.back%f[^%w-]') ~= nil
    enter(#marks == 1 and 'chapter' or 'sec', id, number, line, stub)
    file.headings[#file.headings + 1] = {level = #marks, title = title, number = number, id = id,
      room = item.room, stub = stub}
  end

  for _, one in ipairs(file.items) do
    item = one
    for _, line in ipairs(item.type == 'docs' and item.lines or {}) do
      local ticks, rest = line.text:match('^%s*(```+)(.*)$')
      if fence then
        if ticks and #ticks >= #fence and rest:match('^%s*$') then fence = nil end
      elseif ticks then
        fence = ticks
        if rest:match('%.tikz') or rest:match('%.plot') or rest:match('^%s*{%.map[ }]') then
          step('fig', rest:match('#(fig:[%w_-]+)'), line)
        elseif rest:match('%.peers') then
          step('tbl', rest:match('#(tbl:[%w_-]+)'), line)
        end
      else
        heading(line)
        local id = line.text:match('^!%[.*{[^}]*#(fig:[%w_-]+)')
        if id then step('fig', id, line) end
        id = line.text:match('^%s*:%s.*{#(tbl:[%w_-]+)}%s*$') or line.text:match('^Table:.*{#(tbl:[%w_-]+)}')
        if id then step('tbl', id, line) end
        id = line.text:match('{#(eq:[%w_-]+)}%s*$')
        if id then step('eq', id, line) end
        if line.text:match('^:::+%s*{[^}]*%.exercise') then
          step('ex', line.text:match('#(ex:[%w_-]+)'), line)
        end
      end
    end
  end
  if not (file.headings[1] and file.headings[1].level == 1) then
    io.stderr:write(file.name .. '/main.nw:1: error: a chapter begins with a heading "# Title {#sec:x}"\n')
  end
end

return M
