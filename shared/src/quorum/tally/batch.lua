-- What a batch begins with: the keys and the policy's numbers, and how a tally is loaded. The parts of judgement/ follow,
-- then drain.lua, which judges by what was reported, or rejudge.lua, which judges by what is known now. Both are atomic:
-- all of it or nothing. `tally/model.py` is their twin in Python.
--
-- KEYS  1 inbox (list)  2 bell (string)  3 images  4 reporters  5 copies  6 aliases  7 views (prefixes of bucket hashes)
--       8 blocked (zset)  9 held (zset)  10 events (stream)  11 dead (stream)  12 stats (hash)  13 shields (hash)
--       14 journal (list of entries)  15 bands of PDQ hashes  16 hashes by tally (prefixes; see pictures.lua)
--       17 budgets (prefix of bucket hashes)  18 recent automatic blocks (list)
--       19 pending: what may cross without a report (zset: digest and id by when it was last judged, ms)
--       20 causes: why images wait (hash by id)  21 stories (prefix of bucket hashes; see stories.lua)
--       22 days: figures of each day (prefix of hashes; see figures.lua)
-- ARGV  1 the policy's numbers (JSON, quorum.policy.model)
--
-- Reading and computing come first, writing last: an error before the first write leaves everything as it was, and
-- nothing after it can fail.

local inbox, bell, images, reporters, copies, aliases, views = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local blocked, held, events, dead, stats, shields, journal = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local bands, hashes, budgets, recent, pending = KEYS[15], KEYS[16], KEYS[17], KEYS[18], KEYS[19]
local causes, stories, days = KEYS[20], KEYS[21], KEYS[22]

local TRUSTED = 2  -- a class of reporters
local HOUR_MS, DAY_MS, MINUTE_MS, MILLION = 3600000, 86400000, 60000, 1000000

local policy = cjson.decode(ARGV[1])
local max_bytes = policy.max_stored * ROW_BYTES

-- A key of a wrong type must be found before the first write.
call('ZCARD', blocked)
call('ZCARD', held)
call('ZCARD', pending)
call('HLEN', causes)
call('XLEN', events)
call('XLEN', dead)
call('HLEN', stats)
call('LLEN', journal)
call('LLEN', recent)

local counts = {
  counted = 0, blocked = 0, held = 0, released = 0, known = 0, muted = 0, immune = 0, contested = 0, full = 0, shields = 0, copies = 0, turns = 0,
}
local compared = 0  -- PDQ hashes and copies that were looked at
local loaded, touched = {}, {}  -- tallies by digest, and in the order in which they were asked for

-- What is judged again when nobody reports it (twin: Book.pending): by digest and id when it was last judged; false: it
-- leaves; NEW: at once, unless it waits already.
local NEW = 'new'
local waiting_room = {}
local function wait_anew(member)
  local known = waiting_room[member]
  if known == nil then
    waiting_room[member] = NEW
  elseif known == false then
    waiting_room[member] = 0
  end
end

local function load(digest)
  local image = loaded[digest]
  if image then
    return image
  end
  local key = bucket(images, digest)
  local raw = call('HGET', key, digest)
  image = {
    key = key, digest = digest, epoch = 1, state = OPEN, score = 0, rows = '', most = 0, dirty = false, known = false,
    cleared = nil, name = nil, wary = false, copies = nil, contested = nil, blocked_at = nil,
    story = nil,
  }
  if raw then
    image.known = true
    image.epoch, image.state, image.score, image.rows, image.cleared, image.name, image.wary = read_record(raw)
  end
  loaded[digest] = image
  touched[#touched + 1] = image
  return image
end

-- Drops the rows that have left the window at a time.
local function expire(image, at)
  local start = first_inside(image.rows, at - policy.window_ms)
  if start > 1 then
    image.rows, image.dirty = sub(image.rows, start), true
  end
end
