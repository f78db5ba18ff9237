-- Applies the batch, report by report, and writes what became of it.

-- Milliseconds from receiving the report that crosses to its event: a histogram (quorum.telemetry.health).
local DELAYS = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000}
local function count_delay(ms)
  ms = math.max(ms, 0)
  local within = 'more'
  for _, bound in ipairs(DELAYS) do
    if ms <= bound then
      within = bound
      break
    end
  end
  local name = 'event_within_' .. within
  counts[name] = (counts[name] or 0) + 1
  counts.event_delay_ms = (counts.event_delay_ms or 0) + ms
end

local ENTRY = '>I6c16c12BBHBc0Hc0'
local PREVIOUS, SHARED, TRACED, PICTURE, MORE = 2, 4, 8, 16, 32  -- flags of an entry, as FRESH
local COMPARISONS = 10000  -- of PDQ hashes in one call: some milliseconds of Redis

local function has(flags, flag)
  return floor(flags / flag) % 2 == 1
end

local NONE = {}  -- of most reports, and of none to write into

-- What follows the id of an image, as the flags say.
local function read_more(report, entry, rest)
  local previous = {}
  report.previous = previous
  if has(report.flags, PREVIOUS) then
    previous[1], rest = unpack('>c12', entry, rest)
  end
  if has(report.flags, SHARED) then
    report.shared = report.own
    report.own, rest = unpack('>c16', entry, rest)
  end
  if has(report.flags, TRACED) then
    report.trace = string.format('00-%s-%s-%s', hex(sub(entry, rest, rest + 15)), hex(sub(entry, rest + 16, rest + 23)),
      hex(sub(entry, rest + 24, rest + 24)))
    rest = rest + 25
  end
  if report.shared and has(report.flags, PICTURE) then
    report.pdq, rest = unpack('>c32', entry, rest)
  end
  if has(report.flags, MORE) then
    local more
    more, rest = unpack('>B', entry, rest)
    for i = 1, more do
      previous[#previous + 1], rest = unpack('>c12', entry, rest)
    end
  end
end

local function read_entry(entry)
  local report, rest = {previous = NONE}, nil
  report.at, report.own, report.fingerprint, report.class, report.flags, report.network, report.reason, report.id, rest =
    unpack(ENTRY, entry)
  if report.flags >= PREVIOUS then
    read_more(report, entry, rest)
  end
  if not policy.weights[report.class + 1] then
    error('there is no reporter class ' .. report.class, 0)
  end
  return report
end

local function decide(image, id, at)
  local subjects = image.copies or {}
  if #subjects == 0 then
    subjects = {{image.digest, id}}
  end
  local cause = hold_cause(image, subjects, at)
  image.state, image.dirty = cause and HELD or BLOCKED, true
  for _, subject in ipairs(subjects) do
    announce(image, subject[1], subject[2], at, cause and 'held' or 'blocked', cause)
  end
end

local function apply(entry)
  local report = read_entry(entry)
  local at, id = report.at, report.id
  trace = report.trace
  local image = tally_of(report.own, report.shared, report.pdq, id, at)
  if image.state == CLEARED then
    if at < unpack('>I6', image.rows) + policy.immune_ms then
      counts.immune = counts.immune + 1
      return
    end
    image.state, image.rows, image.dirty = OPEN, '', true
  end
  local start, gone = first_inside(image.rows, at - policy.window_ms)
  if start > 1 then
    image.rows, image.score, image.dirty = sub(image.rows, start), image.score - gone, true
  end
  count(image, at, report.fingerprint, report.previous, report.class, report.flags, report.network, report.reason)
  if image.state == OPEN and image.score >= lowest_threshold and crosses(image, id, report.class, report.reason) then
    decide(image, id, at)
  end
end

local taken, kept, poison = 0, {}, {}
for i = 1, #entries do
  if compared > COMPARISONS then
    break
  end
  taken = i
  local ok, problem = pcall(apply, entries[i])
  if ok then
    kept[#kept + 1] = entries[i]
  else
    poison[#poison + 1] = {entry = entries[i], reason = type(problem) == 'table' and problem.err or tostring(problem)}
  end
end

-- From here on there are only writes. The first removes the batch from the inbox: removing needs no memory, and once a
-- script has written, Redis lets it finish at maxmemory.
call('LTRIM', inbox, taken, -1)

local function write_images()
  for _, image in ipairs(touched) do
    if image.gone then
      call('HDEL', image.key, image.digest)
    elseif image.dirty then
      call('HSET', image.key, image.digest, pack(HEAD, image.epoch, image.state, image.score) .. image.rows)
    end
    if image.copies_dirty then
      call('HSET', bucket(copies, image.digest), image.digest, image.raw_copies)
    end
  end
  for own, digest in pairs(aliased) do
    call('HSET', bucket(aliases, own), own, digest)
  end
  for _, one in ipairs(pictures) do
    store_picture(bands, hashes, one.hash, one.digest)
  end
end

local function write_events()
  for _, one in ipairs(announced) do
    local entry = call('XADD', events, '*', 'event', one.event)
    if one.kind then
      call('ZADD', one.kind == 'held' and held or blocked, one.at, one.id)
      count_delay(tonumber(string.match(entry, '^%d+')) - one.at)
    end
  end
  for _, bad in ipairs(poison) do
    call('XADD', dead, '*', 'reason', sub(bad.reason, 1, 200), 'entry', bad.entry)
  end
end

local CHUNK = 1000  -- values in one command
local function write_journal()
  for first = 1, #kept, CHUNK do
    call('RPUSH', journal, table_unpack(kept, first, math.min(first + CHUNK - 1, #kept)))
  end
  call('LTRIM', journal, -journal_limit, -1)
end

write_images()
write_events()
write_shields()
if journal_limit > 0 and #kept > 0 then
  write_journal()
end
counts.batches, counts.taken, counts.dead = 1, taken, #poison
for name, value in pairs(counts) do
  if value > 0 then
    call('HINCRBY', stats, name, value)
  end
end

return {taken, call('LLEN', inbox), counts.counted, counts.blocked, counts.held, #poison}
