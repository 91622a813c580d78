-- context.lua: what all parts of the reader share: which edition is being made
-- of which chapter, its slice of the database, and how to complain.
--
-- The environment says what to do:
--   WEAVE_TO     latex or html         WEAVE_SLICE  the chapter's NN.lua
--   WEAVE_ROOM   main, back or all     WEAVE_CITES  citations
--   WEAVE_SIDE   file for what is found on the way
-- The side file lists, a line each: `cite KEY`, `subject ID TERM`, `figure NAME`,
-- `copy PATH`.
local escape, store = require 'escape', require 'store'
local M = {}

M.to = os.getenv 'WEAVE_TO' or 'latex'
M.html = M.to == 'html'
M.room = os.getenv 'WEAVE_ROOM' or 'all'
M.slice = store.read(os.getenv 'WEAVE_SLICE' or '') or {chunks = {}, order = {}, uses = {},
  prose = {}, labels = {}, own = {}, place = {}, pages = {}, volumes = {},
  file = os.getenv 'WEAVE_FILE'}
M.cites = store.read(os.getenv 'WEAVE_CITES' or '') or {}
M.chapter = M.slice.chapter or 0
M.stem = (M.slice.file or ''):match('([^/]*)$'):gsub('%.nw$', '')
M.side = {}
M.MARKDOWN = 'markdown-latex_macros-example_lists+raw_tex'

function M.note(...)
  M.side[#M.side + 1] = table.concat({...}, ' ')
end

-- What of the chapter is being woven.
function M.shown(thing)
  return M.room == 'all' or M.room == thing.room
end

-- The first line of the sources that holds `needle`, or all of a list of them.
function M.locate(needle)
  local needles = type(needle) == 'table' and needle or {needle}
  for _, source in ipairs(M.slice.sources or {M.slice.file}) do
    local number = 0
    for text in io.lines(source) do
      number = number + 1
      local all = true
      for _, n in ipairs(needles) do all = all and text:find(n, 1, true) end
      if all then return source .. ':' .. number end
    end
  end
  return M.slice.file
end

function M.complain(needle, message)
  io.stderr:write(M.locate(needle), ': error: ', message, '\n')
end

-- What cannot be shown is marked on the page too.
function M.missing(needle, what)
  M.complain(needle, 'missing ' .. what)
  if M.html then return '<strong class="missing">missing ' .. escape.html(what) .. '</strong>' end
  return '\\missing{' .. escape.tex(what) .. '}'
end

function M.inline(text) return pandoc.RawInline(M.to, text) end
function M.block(text) return pandoc.RawBlock(M.to, text) end

-- Markdown that stands in an attribute, as inlines. reader.lua sets the filter.
M.filter = {}
function M.markdown(text)
  local doc = pandoc.read(text or '', M.MARKDOWN)
  local block = doc.blocks[1]
  return block and pandoc.walk_block(pandoc.Plain(block.content), M.filter).content or pandoc.List{}
end

---------------------------------------------------------------- links
-- A place of the book is {chapter=, room=}: each volume is two PDFs, and each
-- chapter a page of the HTML edition.
function M.place(id)
  local known = M.slice.place[id] or {}
  return {chapter = tonumber(id:sub(1, 2)), room = known.room}
end

local function pdf(place)
  return ('loom-%s%s.pdf'):format(M.slice.volumes[place.chapter] or '?', place.room == 'back' and '-back' or '')
end

-- TeX for a link to the destination `to` at a place.
function M.tex_link(place, to, text)
  local here = pdf{chapter = M.chapter, room = M.room}
  if not place.room or not M.slice.volumes[place.chapter] or pdf(place) == here then
    return ('\\quicklink{%s}{%s}'):format(to, text)
  end
  return ('\\farlink{%s}{%s}{%s}'):format(pdf(place), to, text)
end

-- Under the heading of a stub: the way to the section in the back room.
function M.tex_stub(id)
  local place = {chapter = M.chapter, room = 'back'}
  return '\\backroomnote{' .. M.tex_link(place, id, 'back room') .. '}'
end

function M.tex_back_chapter(title, id)
  return ('\\backchapter{%s}{%s}'):format(escape.tex(title), M.tex_link({chapter = M.chapter, room = 'main'}, id, 'main line'))
end

function M.page(chapter)
  return chapter == M.chapter and '' or M.slice.pages[chapter] or ''
end
function M.chunk_href(id) return M.page(tonumber(id:sub(1, 2))) .. '#chunk-' .. id end
function M.chunk_number(id) return (M.slice.place[id] or {}).number or '?' end
function M.chunk_link(id, class)
  if not M.html then
    return M.tex_link(M.place(id), 'chunk-' .. id, '\\chunkno{' .. M.chunk_number(id) .. '}')
  end
  return ('<a%s href="%s">%s</a>'):format(class and ' class="' .. class .. '"' or '',
    M.chunk_href(id), M.chunk_number(id))
end
function M.chunk_links(list)
  local out = {}
  for i, id in ipairs(list) do out[i] = M.chunk_link(id) end
  return table.concat(out, ', ')
end

return M
