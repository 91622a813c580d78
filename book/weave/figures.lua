-- figures.lua: drawings, plots and images, with numbered captions.
local escape, ctx, live, store = require 'escape', require 'context', require 'live', require 'store'
local M = {}

-- HTML numbers come from the scan of the source; unnamed figures count too.
local position = 0
local own = {}
for _, label in ipairs(ctx.slice.own or {}) do
  if label.kind == 'fig' and ctx.shown(label) then own[#own + 1] = label end
end

local function number()
  position = position + 1
  return own[position] and own[position].number or '?'
end

local function caption_blocks(before, caption, after)
  local inlines = pandoc.List{ctx.inline(before)}
  inlines:extend(ctx.markdown(caption))
  inlines:insert(ctx.inline(after))
  return pandoc.Plain(inlines)
end

local function figure(id, caption, content, wide)
  -- Pages that are no chapter have drawings without numbers.
  if ctx.chapter == 0 then
    return {ctx.block(ctx.html and '<figure>' .. content .. '</figure>'
      or '\\begin{center}\n' .. content .. '\n\\end{center}')}
  end
  local n = number()
  if ctx.html then
    return {
      ctx.block(('<figure%s%s>%s'):format(id ~= '' and ' id="' .. id .. '"' or '', wide and ' class="wide"' or '', content)),
      caption_blocks(('<figcaption><b>Figure %s</b> '):format(n), caption, '</figcaption></figure>'),
    }
  end
  return {
    ctx.block('\\begin{figure}[htbp]\\loomnumber{' .. n .. '}' .. (id ~= '' and '\\dest{' .. id .. '}' or '') .. '\n' .. content),
    caption_blocks('\\caption{', caption, '}'),
    ctx.block('\\end{figure}'),
  }
end

-- The line of the source, so that TeX's complaints find their way back.
local function marker(needle)
  return '%% ' .. ctx.locate(needle) .. '\n'
end

-- For HTML a drawing is left in a file, to be made an SVG with all the others.
local function drawing(block, body, units)
  local id = block.identifier
  local wide = block.classes:includes 'wide'
  local source = (units and '\\drawingunits' or '') .. '%\n' .. body
  if not ctx.html then
    return figure(id, block.attributes.caption, ('\\begin{drawing}{%s}%%\n%s%s%%\n\\end{drawing}'):format(wide and '165mm' or '\\textwidth',
      marker(id ~= '' and '#' .. id or '.tikz'), source), wide)
  end
  local name = ('%s-%s'):format(ctx.stem, id ~= '' and id:gsub('%W', '-') or 'fig-' .. (position + 1))
  store.write_text('build/weave/figures/' .. name .. '.tex', source .. '\n')
  ctx.note('figure', name)
  return figure(id, block.attributes.caption,
    ('<img src="%s.svg" alt="%s"/>'):format(name, escape.html(pandoc.utils.stringify(ctx.markdown(block.attributes.caption)))), wide)
end

function M.tikz(block)
  return drawing(block, block.text, true)
end

function M.plot(block)
  local body, missing = live.plot(block)
  if not body then
    return figure(block.identifier, block.attributes.caption,
      ctx.missing(block.identifier ~= '' and '#' .. block.identifier or '.plot', missing))
  end
  return drawing(block, body, false)
end

-- A map of memory, drawn by memmap.py from what a run printed.
function M.map(block)
  local a = block.attributes
  local needle = {'.map', a.run or ''}
  local said = store.read_text('book/live/' .. (a.run or '') .. '.txt')
  if not said then
    return figure(block.identifier, a.caption, ctx.missing(needle, 'output of run ' .. tostring(a.run)))
  end
  local words = {'--tikz', 'width=' .. (block.classes:includes 'wide' and 162 or 120)}
  for _, name in ipairs {'frames', 'from', 'to', 'cells', 'rows', 'columns', 'squeeze'} do
    if a[name] then words[#words + 1] = name .. '=' .. a[name] end
  end
  local good, body = pcall(pandoc.pipe, 'book/weave/memmap.py', words, said)
  if not good then
    return figure(block.identifier, a.caption, ctx.missing(needle, 'map of run ' .. a.run))
  end
  return drawing(block, body, false)
end

function M.image(image)
  local width = image.attributes.width or '100%'
  local content
  if ctx.html then
    ctx.note('copy', image.src)
    content = ('<img src="%s" alt="%s" style="width:%s"/>'):format(image.src:match('[^/]*$'),
      escape.html(pandoc.utils.stringify(image.caption)), width)
  else
    content = ('\\includegraphics[width=%.3f\\textwidth]{%s}'):format((tonumber(width:match('^([%d.]+)%%$')) or 100) / 100, image.src)
  end
  local blocks = figure(image.identifier, '', content)
  local caption = blocks[2].content
  for i = #image.caption, 1, -1 do caption:insert(2, image.caption[i]) end
  return blocks
end

return M
