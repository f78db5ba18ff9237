-- What is kept of an image: a head and a row for each reporter. Other scripts begin with this. The bytes are told in
-- tally/codec.py. Twin: records.py.

local table_unpack = unpack
local call, pack, unpack = redis.call, struct.pack, struct.unpack
local find, sub, byte, format, floor = string.find, string.sub, string.byte, string.format, math.floor

local HEAD, HEAD_BYTES = '>HBI4', 7
local ROW, ROW_BYTES = '>c12I6HBHHHH', 29  -- fingerprint, at, reason code, class, age, networks: address, near, wide
local UNKNOWN_AGE = 65535
local OPEN, BLOCKED, HELD, CLEARED, UPHELD = 0, 1, 2, 3, 4
local WARY, NAMED = 64, 128  -- added to the state: it was cleared before; an id follows

local function bucket(prefix, digest)
  local high, low = byte(digest, 1, 2)
  return format('%s%d', prefix, high * 256 + low)
end

-- Where the first row begins that is younger than `oldest`.
local function first_inside(rows, oldest)
  local start = 1
  while start <= #rows do
    if unpack('>I6', rows, start + 12) > oldest then
      break
    end
    start = start + ROW_BYTES
  end
  return start
end

-- Where the reporter's row starts, or nil. A match across two rows is not a row.
local function find_row(rows, fingerprint)
  local start = find(rows, fingerprint, 1, true)
  while start and (start - 1) % ROW_BYTES ~= 0 do
    start = find(rows, fingerprint, start + 1, true)
  end
  return start
end

-- A record as its head, its rows, when it was cleared (nil unless it is), the id by which it is judged again (nil before
-- there is one), and whether it was cleared before.
local function read_record(raw)
  local epoch, state, score = unpack(HEAD, raw)
  local start, cleared, name = HEAD_BYTES + 1, nil, nil
  local named = state >= NAMED
  if named then
    state = state - NAMED
  end
  local wary = state >= WARY
  if wary then
    state = state - WARY
  end
  if state == CLEARED then
    cleared, start = unpack('>I6', raw, start)
  end
  if named then
    name, start = unpack('>Hc0', raw, start)
  end
  return epoch, state, score, sub(raw, start), cleared, name, wary
end

local function written_record(epoch, state, score, rows, cleared, name, wary)
  local marks = (name and NAMED or 0) + (wary and WARY or 0)
  local head = pack(HEAD, epoch, state + marks, math.min(score, 4294967295))
  if state == CLEARED then
    head = head .. pack('>I6', cleared)
  end
  return name and head .. pack('>Hc0', #name, name) .. rows or head .. rows
end
