-- Drains: takes the oldest reports out of the inbox, counts each distinct reporter once, and where an image crosses its
-- bar blocks or holds it and appends the event: all of it or nothing. This part reads what the batch needs; the parts of
-- judgement/ follow, then drain.lua. `tally/model.py` is the twin in Python.
--
-- KEYS  1 inbox (list)  2 bell (string)  3 images  4 reporters  5 copies  6 aliases  7 views (prefixes of bucket hashes)
--       8 blocked (zset)  9 held (zset)  10 events (stream)  11 dead (stream)  12 stats (hash)  13 shields (hash)
--       14 journal (list of entries)  15 bands of PDQ hashes  16 hashes by tally (prefixes; see pictures.lua)
-- ARGV  1 how many reports at most   2 the policy's numbers (JSON, quorum.policy.model)   3 reports kept in the journal
-- Result  {taken, left in the inbox, counted, blocked, held, dead}
-- Cost  O(reports taken); about 6 us each, and under 1 us for each PDQ hash that a new picture is compared with; when
--       many were, the rest of the batch is left for the next call
--
-- Reading and computing come first, writing last: an error before the first write leaves everything as it was, and
-- nothing after it can fail.

local inbox, bell, images, reporters, copies, aliases, views = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local blocked, held, events, dead, stats, shields, journal = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local bands, hashes = KEYS[15], KEYS[16]
local limit, journal_limit = tonumber(ARGV[1]), tonumber(ARGV[3])

local FRESH = 1  -- a flag of an entry, and in a row's mark 4
local ANONYMOUS, TRUSTED = 0, 2  -- classes of reporters
local HOUR_MS, DAY_MS, MINUTE_MS, MILLION = 3600000, 86400000, 60000, 1000000

local entries = call('LRANGE', inbox, 0, limit - 1)
if #entries == 0 then
  call('DEL', bell)
  return {0, 0, 0, 0, 0, 0}
end

local policy = cjson.decode(ARGV[2])
local max_bytes = policy.max_stored * ROW_BYTES
local lowest_threshold = policy.threshold  -- below it nothing can cross
for _, bars in ipairs({policy.reason_bars, policy.images}) do
  for _, bar in pairs(bars) do
    lowest_threshold = math.min(lowest_threshold, bar.threshold)
  end
end

-- A key of a wrong type must be found before the first write.
call('ZCARD', blocked)
call('ZCARD', held)
call('XLEN', events)
call('XLEN', dead)
call('HLEN', stats)
call('LLEN', journal)

local counts = {
  counted = 0, blocked = 0, held = 0, known = 0, muted = 0, immune = 0, crowded = 0, full = 0, shields = 0, copies = 0,
}
local loaded, touched = {}, {}  -- images by digest, and in the order in which they were asked for

local function load(digest)
  local image = loaded[digest]
  if image then
    return image
  end
  local key = bucket(images, digest)
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
