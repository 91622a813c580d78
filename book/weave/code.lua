-- code.lua: chunks and other code, for either edition.
local clex, escape, ctx = require 'clex', require 'escape', require 'context'
local M = {}

local COLUMNS = 80

-- One line of tokens. `link` maps an identifier's key to the chunk that defines
-- it; `own` holds the keys defined here, which are set in bold the first time.
local function tokens(list, link, own)
  local out = {}
  for _, token in ipairs(list) do
    local kind, text = token[1], token[2]
    local s = ctx.html and escape.html(text) or escape.codetex(text)
    if kind == 'id' then
      local key = token[3] == 'tag' and 'struct ' .. text or token[3] == 'name' and text
      if key and link[key] then
        s = ctx.html and ('<a class="id" href="%s">%s</a>'):format(ctx.chunk_href(link[key]), s)
          or ctx.tex_link(ctx.place(link[key]), 'chunk-' .. link[key], s)
      elseif key and own[key] then
        own[key] = nil
        s = ctx.html and '<b>' .. s .. '</b>' or '\\nwdef{' .. s .. '}'
      end
    elseif kind ~= 'tx' and kind ~= 'nu' then
      s = ctx.html and ('<span class="%s">%s</span>'):format(kind, s)
        or ('\\nw%s{%s}'):format(kind, s)
    end
    out[#out + 1] = s
  end
  return table.concat(out)
end

function M.use(name, in_text)
  local id = ctx.slice.uses[name]
  if ctx.html then
    return ('<span class="use">⟨%s%s⟩</span>'):format(escape.name_html(name),
      id and ' ' .. ctx.chunk_link(id) or '')
  end
  return ('\\chunk%suse{%s}{%s}'):format(in_text and 'text' or '', escape.name_tex(name), id and ctx.chunk_link(id) or '')
end

-- Joins lines for TeX. The first two and the last two of a piece of code stay
-- together, and so does all of a short one; a blank line is the best place to
-- break a page.
function M.set_lines(lines, command)
  local out, n = {}, #lines
  for i, l in ipairs(lines) do
    local keep = n <= 6 or i <= 2 or i >= n - 2
    if l == '' then out[i] = keep and '\\codeblankkeep' or '\\codeblank'
    else out[i] = command .. '{' .. l .. '}' .. (i == n and '' or keep and '\\keep' or '\\breakhere') end
  end
  return table.concat(out, '\n')
end
local set_lines = M.set_lines

-- The height in points of a chunk's head and of what must stay with it.
local function torn_height(n)
  return ('%.1fpt'):format(17 + 10.1 * (n <= 6 and n + 0.4 or 3))
end

-- Neither a blank line before the first nor one after the last.
local function trim(lines)
  while #lines > 0 and lines[1].text == '' and not lines[1].use do table.remove(lines, 1) end
  while #lines > 0 and lines[#lines].text == '' and not lines[#lines].use do
    lines[#lines] = nil
  end
  return lines
end

local function check_width(source, n, width)
  if width > COLUMNS then
    io.stderr:write(('%s:%d: warning: code line of %d columns\n'):format(source, n, width))
  end
end

---------------------------------------------------------------- chunks
local function body(item, chunk)
  local state, own, out = {language = chunk.language}, {}, {}
  for key in pairs(chunk.defines) do own[key] = true end
  for i, line in ipairs(trim(item.lines)) do
    local text, width = escape.expand(line.text)
    if line.use then
      local indent = text:match('^ *')
      out[i] = (ctx.html and indent or escape.codetex(indent)) .. M.use(line.use)
    else
      check_width(item.source, line.n, width)
      out[i] = tokens(clex.line(text, state), chunk.ids, own)
    end
  end
  return out
end

local SIGN = {first = {'\\chunkequiv', '≡'}, more = {'\\chunkplus', '+≡'}, replaces = {'\\chunkreplace', '←'}}
local function sign(chunk)
  local s = SIGN[chunk.replaces and 'replaces' or chunk.prev and 'more' or 'first']
  return ctx.html and s[2] or s[1]
end

local function refs(list)
  return ctx.chunk_links(list)
end

-- Where a chunk is used, continued, replaced: in HTML under it, on paper in the
-- margin. Said once a chapter.
local function notes(chunk)
  local out = {}
  local elsewhere = chunk.prev and chunk.prev:sub(1, 2) ~= ('%02d'):format(ctx.chapter)
  if chunk.replaces and #chunk.replaced > 0 then
    out[#out + 1] = {'Replaces', refs(chunk.replaced)}
  end
  if #chunk.used > 0 and (not chunk.prev or elsewhere) then
    out[#out + 1] = {'Used in', refs(chunk.used)}
  end
  if #chunk.continued > 0 then out[#out + 1] = {'Continued in', refs(chunk.continued)} end
  if chunk.replacedby then out[#out + 1] = {'Replaced in', refs{chunk.replacedby}} end
  return out
end

local function foot(chunk)
  local out = {}
  for i, note in ipairs(notes(chunk)) do out[i] = note[1] .. ' ' .. note[2] .. '.' end
  return table.concat(out, ' ')
end

-- A piece that is appended says what it adds, if that fits beside its name.
local ROOM = 78

local function adds(item, chunk)
  if not chunk.prev then return '' end
  local keys, columns = {}, #item.name + (chunk.next and 30 or 22)
  for key in pairs(chunk.defines) do
    keys[#keys + 1] = key
    columns = columns + #key + 2
  end
  if #keys == 0 or columns > ROOM then return '' end
  table.sort(keys)
  for i, key in ipairs(keys) do
    keys[i] = ctx.html and '<code>' .. escape.html(key) .. '</code>' or '\\nwcode{' .. escape.tex(key) .. '}'
  end
  local list = table.concat(keys, ', ')
  return ctx.html and ' <span class="adds">adds ' .. list .. '</span>' or '\\chunkadds{' .. list .. '}'
end

-- In the margin: the file, and where what is used here is defined. As many as
-- the chunk is high, the most specific (longest) names first.
local function margin(item, chunk)
  local out, keys = {}, {}
  if chunk.root then
    out[1] = '\\marginfile{' .. escape.tex(chunk.root):gsub('[/_]', '%0\\allowbreak{}') .. '}'
  end
  for _, note in ipairs(notes(chunk)) do
    out[#out + 1] = ('\\marginnote{%s %s}'):format(note[1]:lower(), note[2])
  end
  for key in pairs(chunk.ids) do keys[#keys + 1] = key end
  local room = math.max(2, math.floor((#item.lines + 2) * 1.15) - #out)
  table.sort(keys, function(a, b) return #a > #b or #a == #b and a < b end)
  local left = #keys - room
  if left > 1 then for _ = 1, left do keys[#keys] = nil end end
  table.sort(keys, function(a, b)
    a, b = a:gsub('^struct ', ''):lower(), b:gsub('^struct ', ''):lower()
    return a < b
  end)
  for _, key in ipairs(keys) do
    out[#out + 1] = ('\\marginid{%s}{%s}'):format((escape.tex(key:gsub('^struct ', '')):gsub('\\_', '\\_\\allowbreak{}')), ctx.chunk_link(chunk.ids[key]))
  end
  if left > 1 then out[#out + 1] = '\\marginmore{' .. left .. '}' end
  return table.concat(out)
end

function M.chunk(item)
  local id = ctx.slice.order[item.seq]
  local chunk = ctx.slice.chunks[id]
  local lines = body(item, chunk)
  if not ctx.html then
    return ctx.block(('%%%% %s:%d\n\\begin{chunk}{%s}{%s}{%s}{%s}{%s%s}{%s}{%s}%%\n%s\n\\end{chunk}'):format(
      item.source, item.line, id, ctx.chunk_number(id), escape.name_tex(item.name), sign(chunk) .. adds(item, chunk),
      chunk.prev and '\\chunkprev{' .. ctx.chunk_link(chunk.prev) .. '}' or '',
      chunk.next and '\\chunknext{' .. ctx.chunk_link(chunk.next) .. '}' or '',
      margin(item, chunk), torn_height(#lines), set_lines(lines, '\\codeline')))
  end
  local under = foot(chunk)
  return ctx.block(([[<div class="chunk%s" id="chunk-%s">
<div class="chunkhead">%s<span class="name">⟨%s <a class="number" href="#chunk-%s">%s</a>⟩</span> %s%s</div>
<pre class="code"><code>%s
</code></pre>%s</div>]]):format(
    chunk.replacedby and ' replaced' or '', id,
    (chunk.prev or chunk.next) and ('<span class="nearby">%s %s</span>'):format(
      chunk.prev and '◁ ' .. ctx.chunk_link(chunk.prev) or '',
      chunk.next and ctx.chunk_link(chunk.next) .. ' ▷' or '') or '',
    escape.name_html(item.name), id, ctx.chunk_number(id), sign(chunk) .. adds(item, chunk),
    chunk.root and ' <span class="root">' .. escape.html(chunk.root) .. '</span>' or '',
    table.concat(lines, '\n'), under ~= '' and '<div class="chunkfoot">' .. under .. '</div>' or ''))
end

---------------------------------------------------------------- other code
local LANGUAGE = {c = 'c', asm = 'asm', make = 'make', sh = 'sh'}

function M.lines(text, language)
  local state, out = {language = LANGUAGE[language]}, {}
  for line in (text .. '\n'):gmatch('(.-)\n') do
    local s = escape.expand(line)
    if LANGUAGE[language] then s = tokens(clex.line(s, state), {}, {})
    else s = ctx.html and escape.html(s) or escape.codetex(s) end
    out[#out + 1] = s
  end
  return out
end

function M.plain(text, language)
  local lines = M.lines(text, language)
  if ctx.html then
    return ctx.block('<pre class="code plain"><code>' .. table.concat(lines, '\n') .. '\n</code></pre>')
  end
  return ctx.block('\\begin{plaincode}\n' .. set_lines(lines, '\\codeline') .. '\n\\end{plaincode}')
end

function M.experiment(block)
  local a = block.attributes
  local lines = M.lines(block.text, 'c')
  local number = tostring(tonumber(a.ch) or ctx.chapter)
  local use = M.use(a.chunk or '?', true)
  if not ctx.slice.uses[a.chunk or ''] then
    ctx.complain(a.chunk or '.experiment', 'an experiment in no known chunk')
  end
  if ctx.html then
    return ctx.block(('<div class="chunk experiment"><div class="chunkhead"><b>An experiment</b> in checkpoint %s, appended to %s</div><pre class="code"><code>%s\n</code></pre></div>')
      :format(number, use, table.concat(lines, '\n')))
  end
  return ctx.block(('\\begin{experiment}{An experiment}{in checkpoint %s, appended to %s}%%\n%s\n\\end{experiment}')
    :format(number, use, set_lines(lines, '\\codeline')))
end

-- A chunk made up for the page that explains chunks, or one of a solution.
function M.sample(block)
  local a = block.attributes
  local state, lines = {language = LANGUAGE[a.language or 'c']}, {}
  for line in (block.text .. '\n'):gmatch('(.-)\n') do
    local indent, name, number = escape.expand(line):match('^( *)⟨(.-)|(.-)⟩$')
    if name then
      lines[#lines + 1] = ctx.html
        and ('%s<span class="use">⟨%s <span class="number">%s</span>⟩</span>'):format(indent, name, number)
        or ('%s\\chunksampleuse{%s}{%s}'):format(escape.codetex(indent), escape.name_tex(name), number)
    else
      lines[#lines + 1] = tokens(clex.line(escape.expand(line), state), {}, {})
    end
  end
  if ctx.html then
    return ctx.block(([[<div class="chunk"><div class="chunkhead"><span class="nearby">%s</span><span class="name">⟨%s <span class="number">%s</span>⟩</span> %s</div>
<pre class="code"><code>%s
</code></pre><div class="chunkfoot">%s</div></div>]]):format(a.nearby or '', escape.name_html(a.name), a.number, a.sign, table.concat(lines, '\n'), a.foot or ''))
  end
  return ctx.block(('\\begin{chunksample}{%s}{%s}{%s}{%s}{%s}{%s}%%\n%s\n\\end{chunksample}'):format(
    escape.name_tex(a.name), a.number, a.sign, a.nearby or '', a.margin and '' or a.foot or '', a.margin or '',
    set_lines(lines, '\\codeline')))
end

-- Code in a sentence, linked if it is a name the book defines. Long names may
-- break after an underscore.
function M.inline(text, plain)
  local id = not plain and ctx.slice.prose[text]
  if ctx.html then
    local s = '<code>' .. escape.html(text) .. '</code>'
    return ctx.inline(id and ('<a class="id" href="%s">%s</a>'):format(ctx.chunk_href(id), s) or s)
  end
  local s = escape.tex(text):gsub('[\194-\244][\128-\191]*', '\\odd{%0}')
  if #text > 9 then
    s = s:gsub('\\_', '\\_\\allowbreak{}'):gsub('([/,=])', '%1\\allowbreak{}'):gsub('%(%f[^)(]', '(\\allowbreak{}'):gsub('%->{}', '%0\\allowbreak{}')
  end
  s = '\\nwcode{' .. s .. '}'
  return ctx.inline(id and ctx.tex_link(ctx.place(id), 'chunk-' .. id, s) or s)
end

return M
