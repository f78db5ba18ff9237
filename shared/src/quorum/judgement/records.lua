-- What is kept of an image: a head and a row for each reporter. Other scripts begin with this. The bytes are told in
-- tally/codec.py.

local table_unpack = unpack
local call, pack, unpack = redis.call, struct.pack, struct.unpack
local find, sub, byte, floor = string.find, string.sub, string.byte, math.floor

local HEAD, HEAD_BYTES = '>HBI4', 7
local ROW, ROW_BYTES = '>c12I6HHBH', 25
local OPEN, BLOCKED, HELD, CLEARED, UPHELD = 0, 1, 2, 3, 4

local function bucket(prefix, digest)
  local high, low = byte(digest, 1, 2)
  return prefix .. (high * 256 + low)
end

-- Where the first row begins that is younger than `oldest`, and the weight of those before it.
local function first_inside(rows, oldest)
  local start, gone = 1, 0
  while start <= #rows do
    local _, at, weight = unpack(ROW, rows, start)
    if at > oldest then
      break
    end
    gone, start = gone + weight, start + ROW_BYTES
  end
  return start, gone
end

-- Where the reporter's row starts, or nil. A match across two rows is not a row.
local function find_row(rows, fingerprint)
  local start = find(rows, fingerprint, 1, true)
  while start and (start - 1) % ROW_BYTES ~= 0 do
    start = find(rows, fingerprint, start + 1, true)
  end
  return start
end
