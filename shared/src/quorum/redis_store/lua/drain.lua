-- Takes the oldest reports out of the inbox, counts each distinct reporter once, and where an image crosses the
-- threshold marks it blocked and appends its event: all of it or nothing. `quorum.model` is its twin in Python.
--
-- KEYS  1 inbox (list)  2 bell (string)  3 images (prefix of the bucket hashes)  4 blocked (zset)
--       5 events (stream)  6 dead (stream)  7 stats (hash)
-- ARGV  1 how many reports at most   2 the policy's numbers (JSON, quorum.policy.model)
-- Result  {taken, left in the inbox, counted, blocked, dead}
-- Cost  O(reports taken); about 5 us each. Reading and computing come first, writing last: an error before the first
--       write leaves everything as it was, and nothing after it can fail. The first write removes the batch from the
--       inbox: removing needs no memory, and once a script has written, Redis lets it finish at maxmemory.

local inbox, bell, images = KEYS[1], KEYS[2], KEYS[3]
local blocked, events, dead, stats = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local limit = tonumber(ARGV[1])

local call, pack, unpack = redis.call, struct.pack, struct.unpack
local find, sub, byte, floor = string.find, string.sub, string.byte, math.floor

local ENTRY, HEAD, ROW = '>I6c16c12Bc0Bc0Hc0', '>HBI4', '>c12I6HH'
local HEAD_BYTES, ROW_BYTES = 7, 22
local OPEN, BLOCKED = 0, 1

local entries = call('LRANGE', inbox, 0, limit - 1)
if #entries == 0 then
  call('DEL', bell)
  return {0, 0, 0, 0, 0}
end

local policy = cjson.decode(ARGV[2])
local max_bytes = policy.max_stored * ROW_BYTES
local min_bytes = policy.min_reporters * ROW_BYTES

-- A key of a wrong type must be found before the first write.
call('ZCARD', blocked)
call('XLEN', events)
call('XLEN', dead)
call('HLEN', stats)

local function hex(bytes)
  return (string.gsub(bytes, '.', function(c) return string.format('%02x', byte(c)) end))
end

-- RFC 3339 from Unix milliseconds; days to civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
local function timestamp(ms)
  local seconds = floor(ms / 1000)
  local days, rest = floor(seconds / 86400), seconds % 86400
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local day = doy - floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    floor(rest / 3600), floor(rest / 60) % 60, rest % 60, ms % 1000)
end

local loaded, touched = {}, {}

local function load(digest)
  local image = loaded[digest]
  if image then
    return image
  end
  local high, low = byte(digest, 1, 2)
  local key = images .. (high * 256 + low)
  local raw = call('HGET', key, digest)
  image = {key = key, digest = digest, epoch = 1, state = OPEN, score = 0, rows = ''}
  if raw then
    image.epoch, image.state, image.score = unpack(HEAD, raw)
    image.rows = sub(raw, HEAD_BYTES + 1)
  end
  loaded[digest] = image
  touched[#touched + 1] = image
  return image
end

-- Drops rows that left the window, oldest first.
local function expire(image, oldest)
  local rows, start = image.rows, 1
  while start <= #rows do
    local _, at, weight = unpack(ROW, rows, start)
    if at > oldest then
      break
    end
    image.score = image.score - weight
    start = start + ROW_BYTES
  end
  if start > 1 then
    image.rows, image.dirty = sub(rows, start), true
  end
end

-- Where the reporter's row starts, or nil. A match across two rows is not a row.
local function find_row(rows, fingerprint)
  local start = find(rows, fingerprint, 1, true)
  while start and (start - 1) % ROW_BYTES ~= 0 do
    start = find(rows, fingerprint, start + 1, true)
  end
  return start
end

local function block_event(image, id, crossed_at)
  local reasons, first, last = {}, math.huge, 0
  for start = 1, #image.rows, ROW_BYTES do
    local _, at, _, code = unpack(ROW, image.rows, start)
    local reason = policy.names[tostring(code)] or 'other'
    reasons[reason] = (reasons[reason] or 0) + 1
    first, last = math.min(first, at), math.max(last, at)
  end
  return cjson.encode({
    specversion = '1.0',
    id = hex(image.digest) .. '-' .. image.epoch .. '-blocked',
    source = '/quorum',
    type = 'quorum.image.blocked.v1',
    subject = id,
    time = timestamp(crossed_at),
    datacontenttype = 'application/json',
    data = {
      image_id = id,
      epoch = image.epoch,
      score = image.score / 1000,
      reporters = #image.rows / ROW_BYTES,
      reasons = reasons,
      first_reported_at = timestamp(first),
      last_reported_at = timestamp(last),
      decided_by = {kind = 'policy', version = policy.version},
    },
  })
end

local counted, crossed, poison = 0, {}, {}

local function apply(entry)
  local at, digest, fingerprint, class, reason, id = unpack(ENTRY, entry)
  local weights = policy.weights[class]
  local weight = weights and weights[reason]
  if not weight then
    error("the policy has no weight for class '" .. class .. "' and reason '" .. reason .. "'", 0)
  end
  local image = load(digest)
  expire(image, at - policy.window_ms)
  local rows = image.rows
  local start = find_row(rows, fingerprint)
  if start then
    local _, since, known = unpack(ROW, rows, start)
    if weight > known then
      image.rows = sub(rows, 1, start - 1) .. pack(ROW, fingerprint, since, weight, policy.codes[reason])
        .. sub(rows, start + ROW_BYTES)
      image.score, image.dirty = image.score + weight - known, true
    end
  elseif weight > 0 and #rows < max_bytes then
    image.rows = rows .. pack(ROW, fingerprint, at, weight, policy.codes[reason])
    image.score, image.dirty = image.score + weight, true
    counted = counted + 1
  end
  if image.state == OPEN and #image.rows >= min_bytes and image.score >= policy.threshold then
    crossed[#crossed + 1] = {id = id, at = at, event = block_event(image, id, at)}
    image.state, image.dirty = BLOCKED, true
  end
end

for i = 1, #entries do
  local ok, problem = pcall(apply, entries[i])
  if not ok then
    poison[#poison + 1] = {entry = entries[i], reason = type(problem) == 'table' and problem.err or tostring(problem)}
  end
end

-- From here on there are only writes.
call('LTRIM', inbox, #entries, -1)
for _, image in ipairs(touched) do
  if image.dirty then
    call('HSET', image.key, image.digest, pack(HEAD, image.epoch, image.state, image.score) .. image.rows)
  end
end
for _, block in ipairs(crossed) do
  call('ZADD', blocked, block.at, block.id)
  call('XADD', events, '*', 'event', block.event)
end
for _, bad in ipairs(poison) do
  call('XADD', dead, '*', 'reason', sub(bad.reason, 1, 200), 'entry', bad.entry)
end
call('HINCRBY', stats, 'batches', 1)
call('HINCRBY', stats, 'taken', #entries)
call('HINCRBY', stats, 'counted', counted)
call('HINCRBY', stats, 'blocked', #crossed)
call('HINCRBY', stats, 'dead', #poison)

return {#entries, call('LLEN', inbox), counted, #crossed, #poison}
