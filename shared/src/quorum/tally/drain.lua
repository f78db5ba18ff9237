-- Drains: takes the oldest reports out of the inbox, counts each distinct reporter once, judges the images that they are
-- about, and where one is blocked or held appends the event.
--
-- ARGV  2 how many reports at most   3 reports kept in the journal
-- Result  {taken, left in the inbox, counted, blocked, held, dead}
-- Cost  O(reports taken and the reporters of their images); about 6 us each, and under 1 us for each PDQ hash that a new
--       picture is compared with; when many were, the rest of the batch is left for the next call

local REPORT = 0  -- a kind of entries
local COMPARISONS = 10000  -- of PDQ hashes in one call: some milliseconds of Redis
local AT_ONCE = 16  -- copies that are judged with one that crosses
local CHUNK = 1000  -- values in one command
local limit, journal_limit = tonumber(ARGV[2]), tonumber(ARGV[3])

local entries = call('LRANGE', inbox, 0, limit - 1)
if #entries == 0 then
  call('DEL', bell)
  return {0, 0, 0, 0, 0, 0}
end

-- Its names are its own: a script may have 200 of them.
local read_entry
do
  local ENTRY = '>I6c16c12BBHHHHBc0Hc0'
  local PREVIOUS, SHARED, TRACED, PICTURE, MORE, KIND = 2, 4, 8, 16, 32, 64  -- flags of an entry

  local function has(flags, flag)
    return floor(flags / flag) % 2 == 1
  end

  local NONE = {}  -- of most reports, and of none to write into

  -- What follows the id of an image, as the flags say.
  local function read_more(report, flags, entry, rest)
    local previous = {}
    report.previous = previous
    if has(flags, PREVIOUS) then
      previous[1], rest = unpack('>c12', entry, rest)
    end
    if has(flags, SHARED) then
      report.shared = report.own
      report.own, rest = unpack('>c16', entry, rest)
    end
    if has(flags, TRACED) then
      report.trace = string.format('00-%s-%s-%s', hex(sub(entry, rest, rest + 15)), hex(sub(entry, rest + 16, rest + 23)),
        hex(sub(entry, rest + 24, rest + 24)))
      rest = rest + 25
    end
    if report.shared and has(flags, PICTURE) then
      report.pdq, rest = unpack('>c32', entry, rest)
    end
    if has(flags, MORE) then
      local more
      more, rest = unpack('>B', entry, rest)
      for i = 1, more do
        previous[#previous + 1], rest = unpack('>c12', entry, rest)
      end
    end
  end

  function read_entry(entry)
    local at, own, fingerprint, class, flags, age, address, near, wide, reason, id, rest = unpack(ENTRY, entry)
    -- every field by name: a table that grows is made anew each time
    local report = {
      at = at, own = own, fingerprint = fingerprint, class = class, age = age, address = address, near = near, wide = wide,
      reason = reason, code = policy.codes[reason] or 0, id = id, kind = floor(flags / KIND), previous = NONE,
      shared = nil, trace = nil, pdq = nil,
    }
    if flags >= PREVIOUS then
      read_more(report, flags, entry, rest)
    end
    if not policy.weights[report.class + 1] then
      error('there is no reporter class ' .. report.class, 0)
    end
    return report
  end
end

-- Many people who report what a moderator has cleared put it before one again.
local function contest(image, holder, report)
  counts.immune = counts.immune + 1
  if policy.review_reporters > 0 and #voices(holder.rows, report.at) >= policy.review_reporters then
    image.contested, image.reported = report.at, report.id
    counts.contested = counts.contested + 1
  end
end

-- Lets the others with the same picture be judged again; where this one has crossed, the first of them now.
local function spread(image, holder, before, hoped, at)
  local crossed = image.state ~= before and image.state ~= OPEN
  if not crossed and not (hoped < policy.lowest and holder.most >= policy.lowest) then
    return
  end
  local place = 0
  for _, copy in ipairs(load_copies(holder)) do
    if copy[1] ~= image.digest then
      place = place + 1
      local other = crossed and place <= AT_ONCE and load(copy[1])
      if other and (other.state == OPEN or other.state == HELD) then
        decide(other, holder, copy[2], at)
      elseif crossed and not other then
        waiting_room[copy[1] .. copy[2]] = 0
      elseif not crossed then
        wait_anew(copy[1] .. copy[2])
      end
    end
  end
end

local function hopeful(rows, at)
  local _, most = plain_score(rows, at)
  return most
end

local function judge_reported(image, holder, report, hoped)
  local before = image.state
  decide(image, holder, report.id, report.at)
  if holder ~= image then
    spread(image, holder, before, hoped, report.at)
  end
end

local function apply(entry)
  local report = read_entry(entry)
  local at, image = report.at, load(report.own)
  trace = report.trace
  local alone = with_rows(image)
  expire(alone, at)
  if (report.shared or report.kind ~= REPORT) and not ACTS[report.kind + 1](image, report) then
    return report
  end
  local holder, hoped, is_new = with_rows(image), 0, false
  if holder ~= alone or report.kind ~= REPORT then
    expire(holder, at)
  end
  if holder == alone and holder ~= image then
    hoped = hopeful(holder.rows, at)
  end
  if report.kind == REPORT then
    is_new = count(holder, report)
  end
  if image.state == CLEARED and at >= image.cleared + policy.immune_ms then
    image.state, image.cleared, image.dirty = OPEN, nil, true
  end
  if image.state == OPEN or image.state == HELD then
    judge_reported(image, holder, report, hoped)
  elseif image.state == CLEARED and report.kind == REPORT then
    contest(image, holder, report)
  elseif is_new then
    image.score, image.dirty = image.score + fact_weight(report.class, report.code, report.age), true
  end
  return report
end

local taken, kept, poison = 0, {}, {}
for i = 1, #entries do
  if compared > COMPARISONS then
    break
  end
  taken = i
  local ok, result = pcall(apply, entries[i])
  if ok then
    kept[#kept + 1] = entries[i]
    if result.kind == REPORT then
      figures.count(result.at, 'reports:' .. (policy.names[tostring(result.code)] or 'other'))
    end
  else
    poison[#poison + 1] = {entry = entries[i], reason = type(result) == 'table' and result.err or tostring(result)}
  end
end

-- From here on there are only writes. The first removes the batch from the inbox: removing needs no memory, and once a
-- script has written, Redis lets it finish at maxmemory.
call('LTRIM', inbox, taken, -1)
counts.batches, counts.taken, counts.dead = 1, taken, #poison
write_all()
for _, bad in ipairs(poison) do
  call('XADD', dead, '*', 'reason', sub(bad.reason, 1, 200), 'entry', bad.entry)
end
if journal_limit > 0 and #kept > 0 then
  for first = 1, #kept, CHUNK do
    call('RPUSH', journal, table_unpack(kept, first, math.min(first + CHUNK - 1, #kept)))
  end
  call('LTRIM', journal, -journal_limit, -1)
end

return {taken, call('LLEN', inbox), counts.counted, counts.blocked, counts.held, #poison}
