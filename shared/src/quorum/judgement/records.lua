-- What is kept of an image: a head and a row for each reporter. Other scripts begin with this. The bytes are told in
-- tally/codec.py. Twin: records.py.

local table_unpack = unpack
local call, pack, unpack = redis.call, struct.pack, struct.unpack
local find, sub, byte, floor = string.find, string.sub, string.byte, math.floor

local HEAD, HEAD_BYTES = '>HBI4', 7
local ROW, ROW_BYTES = '>c12I6HBHHHH', 29  -- fingerprint, at, reason code, class, age, networks: address, near, wide
local UNKNOWN_AGE = 65535
local OPEN, BLOCKED, HELD, CLEARED, UPHELD = 0, 1, 2, 3, 4

local function bucket(prefix, digest)
  local high, low = byte(digest, 1, 2)
  return prefix .. (high * 256 + low)
end

-- Where the first row begins that is younger than `oldest`.
local function first_inside(rows, oldest)
  local start = 1
  while start <= #rows do
    local _, at = unpack('>c12I6', rows, start)
    if at > oldest then
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

-- A record as head, rows, and when it was cleared (nil unless it is).
local function read_record(raw)
  local epoch, state, score = unpack(HEAD, raw)
  if state == CLEARED then
    return epoch, state, score, sub(raw, HEAD_BYTES + 7), unpack('>I6', raw, HEAD_BYTES + 1)
  end
  return epoch, state, score, sub(raw, HEAD_BYTES + 1), nil
end

local function written_record(epoch, state, score, rows, cleared)
  local head = pack(HEAD, epoch, state, math.min(score, 4294967295))
  return state == CLEARED and head .. pack('>I6', cleared) .. rows or head .. rows
end
