-- peers.lua: a table of what a run measured beside what Linux costs. Linux's
-- columns are those of book/peers.tsv, ours is what the guest printed.
local escape, ctx, live, store = require 'escape', require 'context', require 'live', require 'store'
local M = {}

local SCALE = {['million instructions'] = 1e-6, percent = 100 / (512 << 10)}

local table_of
local function peers()
  if table_of then return table_of end
  table_of = {}
  for line in (store.read_text 'book/peers.tsv' or ''):gmatch('[^\n]+') do
    local key, operation, unit, tiny, cloud = line:match('^([%w_]+)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t')
    if key then table_of[key] = {operation = operation, unit = unit, tiny = tiny, cloud = cloud} end
  end
  return table_of
end

-- 17,071 or 42.9; a dash for what was not measured.
local function set(number)
  local n = tonumber(number)
  if not n then return '–' end
  if n >= 1000 or n == math.floor(n) then return escape.thousands(('%.0f'):format(n)) end
  return (n >= 1 and '%.1f' or '%.2f'):format(n)
end

-- A row is KEY, printed by the block's run as bench.KEY, or KEY=RUN:VALUE.
local function row(word, run, needle)
  local key, other, value = word:match('^([%w_]+)=([%w_-]+):([%w_.-]+)$')
  local peer = peers()[key or word]
  if not peer then return ctx.missing(needle, 'row ' .. (key or word) .. ' of book/peers.tsv') end
  local printed = live.number(other or run, value or 'bench.' .. word)
  if not printed then return ctx.missing(needle, ('value %s:%s'):format(other or run, value or 'bench.' .. word)) end
  local here = tonumber(printed) * (value and SCALE[peer.unit] or 1)
  local unit = peer.unit ~= 'instructions' and ', ' .. peer.unit or ''
  return nil, ('| %s%s | %s | %s | %s |'):format(peer.operation, unit, set(here), set(peer.tiny), set(peer.cloud))
end

-- What operations touch, ours and Linux's, from the lines of book/touch/peers.tsv.
local COLUMNS = {'instructions', 'loads', 'stores', 'lines', 'code_lines', 'locked'}

local function touch_row(word, run, needle)
  local columns, peer
  for line in (store.read_text 'book/touch/peers.tsv' or ''):gmatch('[^\n]+') do
    local words = {}
    for text in line:gmatch('[^\t]+') do words[#words + 1] = text end
    if line:sub(1, 1) == '#' then goto continue end
    columns = columns or words
    if words[1] == word then peer = words end
    ::continue::
  end
  if not peer then return ctx.missing(needle, 'row ' .. word .. ' of book/touch/peers.tsv') end
  local linux, out = {}, {peer[2]}
  for i, name in ipairs(columns) do linux[name] = tonumber(peer[i]) end
  for _, column in ipairs(COLUMNS) do
    local key = ('touch.%s.%s'):format(word, column)
    local here = live.number(run, key)
    if not here then return ctx.missing(needle, ('value %s:%s'):format(run, key)) end
    out[#out + 1] = set(here) .. (linux[column] and ' / ' .. set(linux[column]) or '')
  end
  return nil, '| ' .. table.concat(out, ' | ') .. ' |'
end

-- The Markdown of the table, or nothing and what takes its place.
function M.table(block)
  local a = block.attributes
  local row, heads = row, {'| | Loom | Linux | as Debian has it |', '|:--|--:|--:|--:|'}
  if a.touch == 'yes' then
    row, heads = touch_row, {'| | instructions | loads | stores | lines | of code | locked |', '|:--|--:|--:|--:|--:|--:|--:|'}
  end
  local out = heads
  for word in (a.rows or ''):gmatch('[^,%s]+') do
    local missing, line = row(word, a.run or '', '#' .. block.identifier)
    if missing then return nil, missing end
    out[#out + 1] = line
  end
  return table.concat(out, '\n') .. ('\n\n: %s {#%s}\n'):format(a.caption or '', block.identifier)
end

return M
