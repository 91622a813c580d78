-- xref.lua: the book-wide database of chunks, identifiers and labels.
--
-- usage: book/stream chapters/* | lua5.4 xref.lua OUTDIR TAGFILE
--
-- TAGFILE (from tags.py) has a line `file.nw:line kind name root static` for
-- each definition in a checkpoint, and kind `local` for what only hides names.
-- Written to OUTDIR, each a Lua table:
--   NN.lua       all that chapter NN needs to be woven
--   book.lua     the chapters, and what the indexes list
-- A chapter needs weaving again only when one of its own files changes.
package.path = arg[0]:match('^(.*)/') .. '/?.lua;' .. package.path
local pipe, clex, scan = require 'pipe', require 'clex', require 'scan'
local escape, store = require 'escape', require 'store'
local outdir, tagfile = arg[1], arg[2]

local files = pipe.parse(io.read('a'))
local volumes = store.read(outdir .. '/volumes.lua') or {}     -- chapter -> volume
local chunks = {}          -- name -> {name=, defs={item...}, uses={item...}}
local names = {}           -- their names, in order of appearance
local by_id = {}           -- id -> item
local owner = {}           -- file -> line -> item

local function chunk(name)
  if not chunks[name] then
    chunks[name] = {name = name, defs = {}, uses = {}}
    names[#names + 1] = name
  end
  return chunks[name]
end

local function slug(name)
  return (name:lower():gsub('[^%w]+', '-'):gsub('^%-', ''):gsub('%-$', ''))
end

---------------------------------------------------------------- chunks
-- An id is made of the chapter and the name, so that links last.
local function collect_chunks()
  for _, file in ipairs(files) do
    file.chapter = tonumber(file.name:match('(%d+)%-[^/]*$'))
    for _, source in ipairs(file.sources) do owner[source] = {} end
    local taken = {}
    for _, item in ipairs(file.items) do
      if item.type == 'code' then
        local base = ('%02d-%s'):format(file.chapter, slug(item.name))
        taken[base] = (taken[base] or 0) + 1
        item.id = taken[base] == 1 and base or base .. '-' .. taken[base]
        while by_id[item.id] do item.id = item.id .. 'x' end
        item.chapter = file.chapter
        by_id[item.id] = item
        local c = chunk(item.name)
        c.defs[#c.defs + 1] = item
        local seen = {}
        for _, line in ipairs(item.lines) do
          owner[item.source][line.n] = item
          if line.use and not seen[line.use] then
            seen[line.use] = true
            local u = chunk(line.use).uses
            u[#u + 1] = item
          end
        end
      end
    end
  end
end

-- Definitions up to the next replacement form a generation; each item learns
-- its neighbors in it, and what it replaces or is replaced by.
local function link_generations()
  for _, c in pairs(chunks) do
    local generation
    for _, item in ipairs(c.defs) do
      if item.replaces or not generation then
        local old = generation
        generation = {}
        if item.replaces and old then
          item.replaced = old
          for _, o in ipairs(old) do o.replacedby = item end
        end
      end
      generation[#generation + 1] = item
      item.generation = generation
      item.prev = generation[#generation - 1]
      if item.prev then item.prev.next = item end
    end
  end
end

-- The definition a reader of `chapter` is sent to: the generation in force.
local function target(name, chapter)
  local c, found = chunks[name], nil
  for _, item in ipairs(c and c.defs or {}) do
    if not found or item.chapter <= chapter then found = item end
  end
  return found and found.generation[1]
end

-- The files a chunk ends up in.
local root_cache = {}
local function roots(name, path)
  if root_cache[name] then return root_cache[name] end
  if escape.is_root(name) then return {name} end
  path = path or {}
  if path[name] then return {} end
  path[name] = true
  local out, seen = {}, {}
  for _, user in ipairs(chunks[name].uses) do
    for _, r in ipairs(roots(user.name, path)) do
      if not seen[r] then seen[r] = true; out[#out + 1] = r end
    end
  end
  path[name] = nil
  table.sort(out)
  if not next(path) then root_cache[name] = out end
  return out
end

---------------------------------------------------------------- identifiers
local TAGS = {struct = true, union = true, enum = true}
local idents = {}          -- 'name' or 'struct name' -> list of definitions
local hidden = {}          -- root -> name -> true where a local has that name

local function read_tags()
  local f = io.open(tagfile)
  if not f then return end
  for line in f:lines() do
    local file, n, kind, name, root, static = line:match('^(.-):(%d+) (%S+) (%S+) (%S+) ([01])$')
    local item = owner[file] and owner[file][tonumber(n)]
    if kind == 'local' then
      hidden[root] = hidden[root] or {}
      hidden[root][name] = true
    elseif item then
      local key = TAGS[kind] and 'struct ' .. name or name
      local list = idents[key] or {}
      idents[key] = list
      local known
      for _, d in ipairs(list) do
        if d.item == item and d.kind == kind then known = true end
      end
      if not known then
        list[#list + 1] = {name = name, key = key, kind = kind, item = item, root = root,
          static = static == '1', uses = {}, seen = {}}
      end
    end
  end
  f:close()
  for key, list in pairs(idents) do            -- a prototype counts if it is all there is
    local real = {}
    for _, d in ipairs(list) do if d.kind ~= 'prototype' then real[#real + 1] = d end end
    table.sort(#real > 0 and real or list, function(a, b)
      if a.item.chapter ~= b.item.chapter then return a.item.chapter < b.item.chapter end
      return a.item.line < b.item.line
    end)
    if #real > 0 then idents[key] = real end
  end
end

local function latest(list, chapter, fits)
  local found
  for _, d in ipairs(list) do
    if fits(d) and (not found or d.item.chapter <= chapter) then found = d end
  end
  return found
end

-- Which definition a name means in a chunk: one of the chunk's own, one of its
-- file's own, or one that all can see; a static of another file never.
local function resolve(key, item, in_roots)
  local list = idents[key]
  if not list then return end
  for _, d in ipairs(list) do if d.item == item then return d end end
  local found = latest(list, item.chapter, function(d) return in_roots[d.root] end)
  if found then return found end
  for r in pairs(in_roots) do if hidden[r] and hidden[r][key] then return end end
  return latest(list, item.chapter, function(d) return not d.static or d.root:match('%.h$') end)
end

local function key_of(token)
  if token[3] == 'tag' then return 'struct ' .. token[2] end
  if token[3] == 'name' then return token[2] end
end

local function use_identifiers(item)
  local state = {language = item.language}
  item.ids, item.defines = {}, {}
  local in_roots = {}
  for _, r in ipairs(roots(item.name)) do in_roots[r] = true end
  for _, line in ipairs(item.lines) do
    if not line.use then
      for _, token in ipairs(clex.line(line.text, state)) do
        local key = token[1] == 'id' and key_of(token)
        local d = key and resolve(key, item, in_roots)
        if d and d.item == item then item.defines[key] = true
        elseif d then
          item.ids[key] = d.item.id
          if not d.seen[item] then
            d.seen[item] = true
            d.uses[#d.uses + 1] = item.id
          end
        end
      end
    end
  end
end

-- In a sentence: a name all can see, or one of this chapter, or the only one.
local function resolve_in_prose(key, chapter)
  local list = idents[key]
  if not list then return end
  local d = latest(list, chapter, function(x) return not x.static end)
    or latest(list, chapter, function(x) return x.item.chapter == chapter end)
    or #list == 1 and list[1]
  return d and d.item.id
end

---------------------------------------------------------------- what is written
local function ids(list)
  local out = {}
  for i, item in ipairs(list or {}) do out[i] = item.id end
  return out
end

local function after(list, first)
  local out = {}
  for i = 2, #list do out[#out + 1] = list[i].id end
  return out
end

local function describe(item)
  local c = chunks[item.name]
  local r = roots(item.name)
  return {
    name = item.name, replaces = item.replaces or nil, language = item.language,
    prev = item.prev and item.prev.id, next = item.next and item.next.id,
    used = ids(c.uses), continued = not item.prev and after(item.generation) or {},
    replaced = ids(item.replaced), replacedby = item.replacedby and item.replacedby.id,
    ids = item.ids, defines = item.defines, root = #r == 1 and r[1] ~= item.name and r[1] or nil,
  }
end

-- What others need to know of a label: not the line, which moves too often.
local function public(label)
  return {chapter = label.chapter, kind = label.kind, number = label.number, room = label.room,
    planned = label.planned}
end

local function slice(file, labels)
  local out = {chapter = file.chapter, file = file.name, sources = file.sources, chunks = {},
    order = {}, uses = {}, prose = {}, labels = {}, own = file.labels, place = {}, pages = {},
    volumes = volumes}
  for _, f in ipairs(files) do out.pages[f.chapter] = f.name:match('([^/]*)$') .. '.html' end
  local function mention(id)
    local item = by_id[id]
    if item then out.place[id] = {number = item.chapter .. '.' .. item.seq, room = item.room} end
  end
  for _, item in ipairs(file.items) do
    if item.type == 'code' then
      local d = describe(item)
      out.chunks[item.id] = d
      out.order[item.seq] = item.id
      mention(item.id)
      for _, list in ipairs {d.used, d.continued, d.replaced} do
        for _, id in ipairs(list) do mention(id) end
      end
      for _, id in pairs(d.ids) do mention(id) end
      mention(d.prev); mention(d.next); mention(d.replacedby)
      for _, line in ipairs(item.lines) do
        local t = line.use and target(line.use, file.chapter)
        if t then out.uses[line.use] = t.id; mention(t.id) end
      end
    else
      for _, line in ipairs(item.lines) do
        for name in line.text:gmatch('<<(.-)>>') do
          local t = target(name, file.chapter)
          if t then out.uses[name] = t.id; mention(t.id) end
        end
        for name in line.text:gmatch('chunk="([^"]*)"') do
          local t = target(name, file.chapter)
          if t then out.uses[name] = t.id; mention(t.id) end
        end
        for text in line.text:gmatch('[`\1]([^`\1\2]+)[`\2]') do
          local key = text:match('^struct [%w_]+$') or text:match('^([%a_][%w_]*)%(?%)?$')
          local id = key and (resolve_in_prose(key, file.chapter)
            or resolve_in_prose('struct ' .. key, file.chapter))
          if id then out.prose[text] = id; mention(id) end
        end
        for label in line.text:gmatch('@(%a+:[%w_-]+)') do
          if labels[label] then
            out.labels[label] = public(labels[label])
          end
        end
      end
    end
  end
  for _, l in ipairs(file.labels) do if l.id then out.labels[l.id] = public(labels[l.id]) end end
  return out
end

local function book(labels)
  local out = {files = {}, chunks = {}, idents = {}, labels = labels, numbers = {}, rooms = {}}
  for i, file in ipairs(files) do
    out.files[i] = {name = file.name, chapter = file.chapter, headings = file.headings}
  end
  for id, item in pairs(by_id) do
    out.numbers[id] = item.chapter .. '.' .. item.seq
    out.rooms[id] = item.room
  end
  table.sort(names, function(a, b) return a:lower() < b:lower() or a:lower() == b:lower() and a < b end)
  for _, name in ipairs(names) do
    local c = chunks[name]
    if #c.defs > 0 then
      out.chunks[#out.chunks + 1] = {name = name, defs = ids(c.defs), uses = ids(c.uses)}
    end
  end
  for _, list in pairs(idents) do
    for _, d in ipairs(list) do
      out.idents[#out.idents + 1] = {name = d.name, kind = d.kind, id = d.item.id, uses = d.uses,
        root = d.root, static = d.static}
    end
  end
  table.sort(out.idents, function(a, b)
    if a.name:lower() ~= b.name:lower() then return a.name:lower() < b.name:lower() end
    return a.name .. a.id .. a.kind < b.name .. b.id .. b.kind
  end)
  return out
end

collect_chunks()
link_generations()
for _, file in ipairs(files) do
  for _, item in ipairs(file.items) do
    if item.type == 'code' then
      item.language = clex.language(roots(item.name)[1] or '')
    end
  end
end
read_tags()
for _, file in ipairs(files) do
  for _, item in ipairs(file.items) do
    if item.type == 'code' then use_identifiers(item) end
  end
end
local labels = {}
for _, file in ipairs(files) do scan.file(file, labels) end
-- Chapters that are planned can be referred to before they are written.
local plan = io.open('book/plan.txt')
for line in plan and plan:lines() or function() end do
  local number, slug = line:match('^0*(%d+) (%S+)')
  local id = slug and 'sec:' .. slug
  if id and not labels[id] then
    labels[id] = {number = number, chapter = tonumber(number), kind = 'chapter', planned = number}
  end
end
for _, file in ipairs(files) do
  store.write(('%s/%02d.lua'):format(outdir, file.chapter), slice(file, labels))
end
store.write(outdir .. '/book.lua', book(labels))
