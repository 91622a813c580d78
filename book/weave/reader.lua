-- reader.lua: a pandoc reader for one chapter in the format of book/stream.
--
-- usage: book/stream chapters/NN-x | WEAVE_…=… pandoc -p -f reader.lua -t latex|html
--
-- The prose is put together as Markdown in which each code chunk is a block of
-- its own kind, parsed by pandoc, and walked once; see context.lua for the
-- environment and README.md for the whole path.
local here = PANDOC_SCRIPT_FILE:match('^(.*)/') or '.'
package.path = here .. '/?.lua;' .. package.path
local pipe, ctx = require 'pipe', require 'context'
local escape, code, live = require 'escape', require 'code', require 'live'
local figures, blocks, store = require 'figures', require 'blocks', require 'store'
local peers = require 'peers'

---------------------------------------------------------------- Markdown
-- [[code]] becomes `code`{.nw}, [[<<name>>]] becomes `name`{.chunk}.
local function quoted(text)
  local name = text:match('^<<(.*)>>$')
  text = name or text
  local ticks = text:find('`', 1, true) and '```' or '`'
  local pad = ticks == '```' and ' ' or ''
  return ticks .. pad .. text .. pad .. ticks .. (name and '{.chunk}' or '{.nw}')
end

-- TeX reports lines of its own input: comments say where they come from.
local function marker(source, n)
  return ctx.html and '' or ('\n```{=latex}\n%%%% %s:%d\n```\n\n'):format(source, n)
end

-- A heading gets its number as an attribute, and the class .body if it is that
-- of a section whose stub is in the main line.
local numbered = {}
for _, label in ipairs(ctx.slice.own or {}) do numbered[label.where] = label end

local function with_number(text, source, n)
  local label = numbered[source .. ':' .. n]
  if not label or not label.number then return text end
  local stub = label.room == 'back' and label.id and (ctx.slice.labels[label.id] or {}).room == 'main'
  if stub and ctx.html then return '' end         -- the stub's heading is above it
  local words = ('number="%s"%s'):format(label.number, stub and ' .body' or '')
  -- Names with underscores are no emphasis.
  if not text:match('[`\1]') then text = text:gsub('__', '\\_\\_') end
  local head, attributes = text:match('^(.-)%s*{([^}]*)}%s*$')
  if head then return head .. ' {' .. attributes .. ' ' .. words .. '}' end
  return text .. ' {' .. words .. '}'
end

-- The HTML page of a chapter holds both rooms; a section's back room is folded.
local function fold(open)
  if not ctx.html then return '' end
  return '\n\n```{=html}\n' .. (open and '<details class="backroom"><summary>Back room</summary>' or '</details>') .. '\n```\n\n'
end

-- Returns the sections of the chapter as Markdown, and the code chunks. pandoc's
-- parser takes more than linear time, so a section at a time is parsed.
local function sections(file)
  local out, part, chunks = {}, {}, {}
  local fence, blank, open = nil, true, nil
  local function put(text) part[#part + 1] = text end
  local room = 'main'

  for _, item in ipairs(file.items) do
    if ctx.room == 'all' and item.room ~= room then
      put(fold(item.room == 'back'))
      room = item.room
    end
    if not ctx.shown(item) then
    elseif item.type == 'code' then
      chunks[#chunks + 1] = item
      put('\n\n```{=chunk}\n' .. #chunks .. '\n```\n\n')
      blank = true
    else
      for _, line in ipairs(item.lines) do
        local text = line.text
        if open then text, open = open .. ' ' .. text, nil end
        local ticks, rest = text:match('^%s*(```+)(.*)$')
        local inside = fence ~= nil
        if inside then
          if ticks and #ticks >= #fence and rest:match('^%s*$') then fence = nil end
          text = text:gsub('\1', '[['):gsub('\2', ']]')
        else
          if ticks then fence = ticks end
          if text:match('\1[^\2]*$') then open = text end
          text = text:gsub('\1(.-)\2', quoted)
          if text:match('^##? ') then
            out[#out + 1] = table.concat(part)
            part = {}
            put(marker(item.source, line.n))
          elseif blank and text:match('^[%a%[`*"“_$]') and not ticks then
            put(marker(item.source, line.n))
          end
          if text:match('^###? ') then text = with_number(text, item.source, line.n) end
        end
        if not open then put(text .. '\n') end
        blank = text:match('^%s*$') ~= nil and not inside
      end
    end
  end
  if room == 'back' then put(fold(false)) end
  out[#out + 1] = table.concat(part)
  return out, chunks
end

---------------------------------------------------------------- headings
local taken = {}

local function heading(h)
  local id = h.identifier
  local number, body, stub = h.attributes.number, h.classes:includes 'body', h.classes:includes 'back'
  h.attributes.number = nil
  h.classes = h.classes:filter(function(c) return c ~= 'body' and c ~= 'back' end)
  if not id:match('^%a+:') then
    id = ('%02d-%s'):format(ctx.chapter, id)
    taken[id] = (taken[id] or 0) + 1
    if taken[id] > 1 then id = id .. '-' .. taken[id] end
    h.identifier = id
  end
  h.content = pandoc.walk_block(pandoc.Plain(h.content), {
    Code = function(c) return pandoc.Code(c.text, {'', {'heading'}}) end,
  }).content
  if ctx.html then
    if h.level == 1 and ctx.chapter > 0 then number = tostring(ctx.chapter) end
    if number then
      h.content:insert(1, pandoc.Space())
      h.content:insert(1, ctx.inline('<span class="secno">' .. (h.level == 1 and 'Chapter ' or '') .. number .. '</span>'))
    end
    return h
  end
  if h.level == 1 and h.classes:includes 'unnumbered' then
    return {h, ctx.block('\\markboth{' .. escape.tex(pandoc.utils.stringify(h)) .. '}{}')}
  end
  local out = pandoc.List{h}
  if body then h.level = 2 end
  if number then out:insert(1, ctx.block('\\loomnumber{' .. number .. '}')) end
  if stub then out:insert(ctx.block(ctx.tex_stub(id))) end
  return out
end

---------------------------------------------------------------- inlines
local WORD = {chapter = 'Chapter', sec = 'Section', fig = 'Figure', tbl = 'Table', eq = 'Equation', ex = 'Exercise'}

local function cross_reference(id)
  local label = ctx.slice.labels[id]
  if not label then
    ctx.complain('@' .. id, 'unresolved reference ' .. id)
    return ctx.inline(ctx.html and '<strong class="missing">??</strong>' or '\\missing{??}')
  end
  local word = WORD[label.kind]
  if label.planned then return pandoc.Str(word .. '\u{a0}' .. label.planned) end
  if ctx.html then
    return ctx.inline(('<a class="ref" href="%s#%s">%s&#160;%s</a>'):format(ctx.page(label.chapter), id, word,
      label.number))
  end
  -- What a reader of the main line does not have in hand is said to be elsewhere.
  local away = ctx.room == 'main' and label.room == 'back' and ' (back room)' or ''
  return ctx.inline(ctx.tex_link(label, id, ('\\xref{%s~%s}'):format(word, label.number)) .. away)
end

local function linked(key, text)
  if ctx.html then return ctx.inline(('<a href="bibliography.html#ref-%s">%s</a>'):format(key, escape.html(text))) end
  return ctx.inline(('\\hyperlink{ref-%s}{%s}'):format(key, escape.tex(text):gsub(' ', '~')))
end

-- One work of a citation: "Knuth 1997, §2.5", or "Knuth (1997, §2.5)" when the
-- author is part of the sentence.
local function work(c)
  local entry = ctx.cites[c.id]
  if not entry then
    ctx.complain('@' .. c.id, 'no entry for ' .. c.id .. ' in book/refs.bib')
    return pandoc.List{ctx.inline(ctx.html and '<strong class="missing">??</strong>' or '\\missing{??}')}
  end
  ctx.note('cite', c.id)
  local out = pandoc.List(c.prefix)
  if #c.prefix > 0 then out:insert(pandoc.Space()) end
  local in_text = c.mode == 'AuthorInText'
  if in_text then
    out:extend{linked(c.id, entry.author), pandoc.Str(' (')}
    out:insert(linked(c.id, entry.year))
  elseif c.mode == 'SuppressAuthor' then out:insert(linked(c.id, entry.year))
  else out:insert(linked(c.id, entry.author .. ' ' .. entry.year)) end
  out:extend(c.suffix)
  if in_text then out:insert(pandoc.Str(')')) end
  return out
end

local function cite(element)
  local out, parenthesis = pandoc.List{}, false
  for i, c in ipairs(element.citations) do
    local is_label = WORD[c.id:match('^(%a+):')]
    if i > 1 then out:extend{pandoc.Str(is_label and ',' or ';'), pandoc.Space()} end
    if is_label then
      out:extend(c.prefix)
      if #c.prefix > 0 then out:insert(pandoc.Space()) end
      out:insert(cross_reference(c.id))
      out:extend(c.suffix)
    else
      parenthesis = parenthesis or c.mode ~= 'AuthorInText'
      out:extend(work(c))
    end
  end
  if parenthesis then
    out:insert(1, pandoc.Str('('))
    out:insert(pandoc.Str(')'))
  end
  return out
end

-- Chinese has a face of its own, which the page that needs it loads as \\cjk.
local CHINESE = '[\227-\233][\128-\191][\128-\191]'

local function chinese(s)
  if ctx.html or not s.text:match(CHINESE) then return end
  local text = escape.tex(s.text):gsub(CHINESE, '\\cjk{%0}'):gsub('}\\cjk{', '')
  return ctx.inline(text)
end

local subjects = 0

local function subject(span)
  if not span.classes:includes 'index' then return end
  subjects = subjects + 1
  local id = ('%02d-%d'):format(ctx.chapter, subjects)
  ctx.note('subject', id, span.attributes.entry or pandoc.utils.stringify(span.content))
  local out = pandoc.List{ctx.inline(ctx.html and '<span id="subj-' .. id .. '">' or '\\subjectmark{' .. id .. '}')}
  out:extend(span.content)
  if ctx.html then out:insert(ctx.inline('</span>')) end
  return out
end

local function inline_code(c)
  if c.classes:includes 'heading' then return pandoc.Code(c.text) end
  if c.classes:includes 'live' then return live.value(c.text) end
  if c.classes:includes 'chunk' then
    if not ctx.slice.uses[c.text] then ctx.complain(c.text, 'no chunk of the name ' .. c.text) end
    return ctx.inline(code.use(c.text, true))
  end
  return code.inline(c.text)
end

-- A display followed by {#eq:x} is numbered.
local function equations(inlines)
  local out, i = pandoc.List{}, 1
  while i <= #inlines do
    local m, j = inlines[i], i + 1
    if m.t == 'Math' and m.mathtype == 'DisplayMath' then
      if inlines[j] and (inlines[j].t == 'Space' or inlines[j].t == 'SoftBreak') then j = j + 1 end
      local id = inlines[j] and inlines[j].t == 'Str' and inlines[j].text:match('^{#(eq:[%w_-]+)}$')
      if id then
        i = j
        if ctx.html then
          m = ctx.inline(('<span class="equation" id="%s">%s<span class="eqno">(%s)</span></span>'):format(id,
            pandoc.write(pandoc.Pandoc{pandoc.Plain{m}}, 'html', {html_math_method = 'mathml'}), (ctx.slice.labels[id] or {}).number or '?'))
        else
          m = ctx.inline(('\\dest{%s}\\begin{equation}\\tag{%s}\n%s\n\\end{equation}'):format(
            id, (ctx.slice.labels[id] or {}).number or '?', m.text))
        end
      end
    end
    out:insert(m)
    i = i + 1
  end
  return out
end

---------------------------------------------------------------- blocks
local function paragraph(p)
  if #p.content == 1 and p.content[1].t == 'Image' then return figures.image(p.content[1]) end
  p.content = equations(p.content)
  -- Entries of the index at the head of a paragraph leave no blank behind.
  local i = 1
  while p.content[i] and p.content[i].t == 'RawInline' and p.content[i].text:match('subjectmark{') do
    local after = p.content[i + 1]
    if after and (after.t == 'SoftBreak' or after.t == 'Space') then p.content:remove(i + 1) end
    i = i + 1
  end
  return p
end

local function caption_of(t)
  local id
  local caption = pandoc.walk_block(pandoc.Div(t.caption.long), {Str = function(s)
    local found = s.text:match('^{#(tbl:[%w_-]+)}$')
    if found then
      id = found
      return {}
    end
  end}).content
  return caption, id
end

-- A sentence that goes on after a displayed formula is no new paragraph.
local function continue_sentences(blocks)
  local before
  for _, b in ipairs(blocks) do
    local first = b.t == 'Para' and b.content[1]
    if before and first and first.t == 'Str' and first.text:match('^%l') then
      b.content:insert(1, ctx.inline('\\noindent '))
    end
    local last = b.t == 'Para' and b.content[#b.content]
    if not (b.t == 'RawBlock' and b.text:match('^%%%% ')) then
      before = last and (last.t == 'Math' and last.mathtype == 'DisplayMath'
        or last.t == 'Str' and last.text:match('^{#eq:'))
    end
  end
  return blocks
end

-- A heading goes to the next page with the table that follows it: neither may be
-- torn, and nothing between them may be a page's end.
local LINE, FRAME, MOST = 13, 90, 540           -- points, about

local function lines_of(t)
  local lines = 0
  for _, body in ipairs(t.bodies) do
    for _, row in ipairs(body.body) do
      local most = 1
      for i, cell in ipairs(row[2] or row.cells) do
        local share = t.colspecs[i][2]
        local n = #pandoc.utils.stringify(cell.contents or cell[5])
        if share then most = math.max(most, math.ceil(1.25 * n / (share * 88))) end
      end
      lines = lines + most
    end
  end
  return lines
end

local function keep_with_tables(blocks)
  local out, at = pandoc.List{}, nil
  for _, b in ipairs(blocks) do
    if b.t == 'Header' then at = #out + 1
    elseif b.t == 'Table' and at then
      out:insert(at, ctx.block(('\\tableneeds{%dpt}'):format(math.min(MOST, FRAME + LINE * lines_of(b)))))
    end
    out:insert(b)
    if b.t ~= 'Header' and not (b.t == 'RawBlock' and b.text:match('^%%%% ')) then at = nil end
  end
  return out
end

-- pandoc shares the measure out by the dashes of the source; better by what is
-- in the columns. A table that fits is left at its natural width.
local MEASURE = 88
local LONGEST_WORD = 30    -- a longer one may be broken

local function share_measure(t)
  local width, word, total = {}, {}, 0
  local function rows(list)
    for _, row in ipairs(list) do
      for i, cell in ipairs(row[2] or row.cells) do
        local content, code = cell.contents or cell[5], 0
        local text = pandoc.utils.stringify(content)
        -- The face of code is wider than that of text.
        pandoc.walk_block(pandoc.Div(content), {Code = function(c) code = code + #c.text end})
        width[i] = math.max(width[i] or 4, math.ceil((utf8.len(text) or 8) + 0.18 * code))
        for w in text:gmatch('%S+') do
          local n = code > 0 and math.ceil(1.18 * #w) or #w
          word[i] = math.max(word[i] or 0, math.min(n, LONGEST_WORD))
        end
      end
    end
  end
  rows((t.head.rows or t.head[2]))
  for _, body in ipairs(t.bodies) do rows(body.body) end
  for i = 1, #t.colspecs do
    width[i] = (width[i] or 4) + 3
    total = total + width[i]
  end
  if ctx.html or total <= MEASURE then
    for _, spec in ipairs(t.colspecs) do spec[2] = nil end
    return t
  end
  -- Narrow columns get what they need, the others share the rest by the square
  -- root of theirs.
  local rest, roots = MEASURE, 0
  for _, w in ipairs(width) do
    if w <= MEASURE / #width then rest = rest - w else roots = roots + math.sqrt(w) end
  end
  for i, w in ipairs(width) do
    width[i] = w <= MEASURE / #width and w or rest * math.sqrt(w) / roots
  end
  -- No column is narrower than its longest name; the widest one gives.
  for i, w in ipairs(width) do
    local lack, widest = (word[i] or 0) + 2 - w, 1
    for j, other in ipairs(width) do if other > width[widest] then widest = j end end
    if lack > 0 and widest ~= i and width[widest] - lack > w + lack then
      width[i], width[widest] = w + lack, width[widest] - lack
    end
  end
  for i, spec in ipairs(t.colspecs) do spec[2] = width[i] / MEASURE end
  return t
end

local LONGEST = 25         -- rows of a table that is not broken over pages

local function rows_of(t)
  local n = 0
  for _, body in ipairs(t.bodies) do n = n + #body.body end
  return n
end

-- pandoc writes a longtable; make it a tabular under its caption.
local function short_table(t, caption)
  t.caption.long = {}
  local text = pandoc.write(pandoc.Pandoc{t}, 'latex')
  text = text:gsub('\\begin{longtable}%[%]', '\\begin{tabular}'):gsub('\\end{longtable}', '\\end{tabular}')
    :gsub('\\endhead\n', ''):gsub('\\endfirsthead\n', '')
  local out = pandoc.List{ctx.block('\\begin{shorttable}')}
  if caption then
    caption:insert(1, ctx.inline('\\caption{'))
    caption:insert(ctx.inline('}'))
    out:insert(pandoc.Plain(caption))
  end
  out:insert(ctx.block(text .. '\n\\end{shorttable}'))
  return out
end

local function table_(t)
  local caption, id = caption_of(t)
  if #caption == 0 then
    return ctx.html and {ctx.block('<div class="table">'), t, ctx.block('</div>')} or short_table(t)
  end
  if not id then ctx.complain(': ' .. pandoc.utils.stringify(caption):sub(1, 12), 'a table with a caption needs {#tbl:…}') end
  local inlines = caption[1].content
  while #inlines > 0 and inlines[#inlines].t == 'Space' do inlines:remove() end
  local number = (ctx.slice.labels[id or ''] or {}).number or '?'
  if not ctx.html then
    inlines:insert(1, ctx.inline('\\dest{' .. (id or '') .. '}'))
    local out = rows_of(t) <= LONGEST and short_table(t, inlines)
    if not out then
      t.caption.long = {pandoc.Plain(inlines)}
      out = pandoc.List{t}
    end
    out:insert(1, ctx.block('\\loomnumber{' .. number .. '}'))
    return out
  end
  inlines:insert(1, ctx.inline(('<b>Table %s</b> '):format(number)))
  t.caption.long = {pandoc.Plain(inlines)}
  return {ctx.block(('<div class="table" id="%s">'):format(id or '')), t, ctx.block('</div>')}
end

local function peers_table(b)
  local text, missing = peers.table(b)
  if not text then return ctx.block(missing) end
  local t = pandoc.read(text, ctx.MARKDOWN).blocks[1]
  return table_(pandoc.walk_block(pandoc.Div{share_measure(t)}, ctx.filter).content[1])
end

local code_block = {
  tikz = figures.tikz,
  plot = figures.plot,
  map = figures.map,
  peers = peers_table,
  transcript = live.transcript,
  experiment = code.experiment,
  sample = code.sample,
  changes = function() return blocks.changes() end,
  run = function(b)
    if not b.classes:includes 'show' then return {} end
    return code.plain(live.command(b), 'sh')
  end,
}

local function fenced(b)
  for class, make in pairs(code_block) do
    if b.classes:includes(class) then return make(b) end
  end
  return code.plain(b.text, b.classes[1] or 'text')
end

---------------------------------------------------------------- the reader
local function parse(text)
  local all = pandoc.List{}
  for _, section in ipairs(text) do
    all:extend(pandoc.read(section .. '\n', ctx.MARKDOWN).blocks)
  end
  return all
end

-- The back room of a chapter opens with the chapter's title.
local function chapter_title(file)
  for _, item in ipairs(file.items) do
    for _, line in ipairs(item.type == 'docs' and item.lines or {}) do
      local title, id = line.text:match('^# (.-)%s*{#([%w:_-]+).*}')
      if title then return title, id end
    end
  end
  return ctx.stem, ''
end

function Reader(input)
  local file = pipe.parse(tostring(input) .. '\n')[1]
  local text, chunks = sections(file)
  ctx.filter = {Cite = cite, Code = inline_code, Span = subject}
  local filter = {
    Cite = cite, Code = inline_code, Span = subject, Str = chinese,
    Para = paragraph, Table = table_, CodeBlock = fenced, Div = blocks.div,
    RawBlock = function(b)
      if b.format == 'chunk' then return code.chunk(chunks[tonumber(b.text)]) end
    end,
  }
  local body = parse(text)
  if not ctx.html then body = continue_sentences(body) end
  body = pandoc.walk_block(pandoc.Div(body), {Table = share_measure}).content
  if not ctx.html then body = keep_with_tables(body) end
  body = pandoc.walk_block(pandoc.Div(body), {Header = heading}).content
  body = pandoc.walk_block(pandoc.Div(body), filter).content
  if ctx.chapter > 0 then
    if not ctx.html then body:insert(1, ctx.block(('\\setcounter{chapter}{%d}'):format(ctx.chapter - 1))) end
    if ctx.room == 'back' then body:insert(2, ctx.block(ctx.tex_back_chapter(chapter_title(file)))) end
  end
  if os.getenv 'WEAVE_SIDE' then
    store.write_text(os.getenv 'WEAVE_SIDE', table.concat(ctx.side, '\n') .. '\n')
  end
  return pandoc.Pandoc(body)
end
