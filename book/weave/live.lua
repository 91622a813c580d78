-- live.lua: what the machine said. A run's output is book/live/RUN.txt, kept by
-- another tool, which also checks it; here it is only quoted.
local escape, ctx, code, store = require 'escape', require 'context', require 'code', require 'store'
local M = {}

local runs = {}

-- The output of a run as a list of lines, without carriage returns and escapes.
local function output(run)
  run = run or ''
  if runs[run] == nil then
    local text = store.read_text('book/live/' .. run .. '.txt')
    local lines = {}
    for line in (text or ''):gmatch('([^\n]*)\n?') do
      line = line:gsub('\r', ''):gsub('\27%[[%d;?]*%a', ''):gsub('[%z\1-\8\11-\31]', '')
      lines[#lines + 1] = line
    end
    if lines[#lines] == '' then lines[#lines] = nil end
    runs[run] = text and lines or false
  end
  return runs[run]
end

-- The lines from the first that holds `from` to the next that holds `to`.
local function slice(lines, from, to)
  local out = {}
  for _, line in ipairs(lines) do
    local first = #out == 0
    if not first or not from or line:find(from, 1, true) then
      out[#out + 1] = line
      if to and line:find(to, 1, true) and not (first and from == to) then return out end
    end
  end
  return out
end

local WIDTH = 86        -- columns of transcript in the measure

-- Lines too long for the page go on in the next one, indented.
local function wrap(line)
  local out = {}
  local text = escape.expand(line)
  while #text > WIDTH do
    local cut = WIDTH
    for i = WIDTH, WIDTH - 30, -1 do
      if text:sub(i, i) == ' ' then cut = i; break end
    end
    out[#out + 1] = text:sub(1, cut)
    text = '    ' .. text:sub(cut + 1):gsub('^ +', '')
  end
  out[#out + 1] = text
  return out
end

local function set(lines)
  if ctx.html then
    return '<pre class="transcript"><code>' .. escape.html(table.concat(lines, '\n')) .. '\n</code></pre>'
  end
  local out, all = {}, {}
  for _, line in ipairs(lines) do
    for _, part in ipairs(wrap(line)) do all[#all + 1] = part end
  end
  for i, part in ipairs(all) do out[i] = escape.codetex(part) .. '{}' end
  return '\\begin{transcript}\n' .. code.set_lines(out, '\\machineline') .. '\n\\end{transcript}'
end

function M.transcript(block)
  local a = block.attributes
  local needle = {'.transcript', a.run or '', a.from and 'from="' .. a.from .. '"' or ''}
  local lines = output(a.run)
  if not lines then return ctx.block(ctx.missing(needle, 'output of run ' .. tostring(a.run))) end
  local shown = slice(lines, a.from, a.to)
  if #shown == 0 then return ctx.block(ctx.missing(needle, 'lines from "' .. (a.from or '') .. '" in run ' .. a.run)) end
  return ctx.block(set(shown))
end

-- What run printed as the value of key, or nothing.
function M.number(run, key)
  for _, line in ipairs(output(run) or {}) do
    local k, value = line:match('# value (%S+)%s+(.-)%s*$')
    if k == key then return value end
  end
end

function M.value(text)
  local value = M.number(text:match('^([^:]+):(.+)$'))
  if not value then return ctx.inline(ctx.missing(text, 'value ' .. text)) end
  value = escape.thousands(value)
  return ctx.inline(ctx.html and escape.html(value) or escape.tex(value))
end

-- A run as the command a reader can type.
function M.command(block)
  local a = block.attributes
  local text = 'make test CH=' .. (a.ch or '')
  if a.qemu then text = text .. " QEMU='" .. a.qemu .. "'" end
  if a.append then text = text .. " APPEND='" .. a.append .. "'" end
  return text
end

---------------------------------------------------------------- plots
local function points(lines, series)
  local out = {}
  for _, line in ipairs(lines) do
    local name, x, y = line:match('# data (%S+)%s+(%S+)%s+(%S+)')
    if name == series then out[#out + 1] = ('(%s,%s)'):format(x, y) end
  end
  return out
end

local function split(text)
  local out = {}
  for part in (text or ''):gmatch('[^,]+') do out[#out + 1] = part:match('^%s*(.-)%s*$') end
  return out
end

-- The tikzpicture of a .plot block, or nothing and what is missing.
function M.plot(block)
  local a = block.attributes
  local lines = output(a.run)
  if not lines then return nil, 'output of run ' .. tostring(a.run) end
  local series, legend, out = split(a.data), split(a.legend), {}
  for i, name in ipairs(series) do
    local p = points(lines, name)
    if #p == 0 then return nil, 'data ' .. name .. ' in run ' .. a.run end
    out[#out + 1] = '\\addplot coordinates {' .. table.concat(p, ' ') .. '};'
    if #series > 1 then
      out[#out + 1] = '\\addlegendentry{' .. escape.tex(legend[i] or name) .. '}'
    end
  end
  local options = block.text:match('%S') and block.text:gsub('%s*,%s*$', '') .. ',' or ''
  return ('\\begin{tikzpicture}\\begin{axis}[%sxlabel={%s},ylabel={%s}]\n%s\n\\end{axis}\\end{tikzpicture}'):format(
    options, a.x or '', a.y or '', table.concat(out, '\n'))
end

return M
