-- Finds, among the PDQ hashes that stand for a tally, the one nearest to another; it is put in front of scripts that
-- need it. 256 bits are 16 bands of 16. Of two hashes within 31 bits some band differs in one bit at most (16 bands with
-- two each would be 32), so that 17 keys in each band hold every candidate: multi-index hashing, M. Norouzi, A. Punjani
-- and D. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing" (2012).
--
-- A key of a band holds, one after the other, hash:32 and tally digest:16 of each picture whose band has its value.

local BANDS, PDQ_BYTES, PICTURE_BYTES, PDQ_WITHIN = 16, 32, 48, 31
local WORDS = '>HHHHHHHHHHHHHHHH'

-- differing[a][b] is in how many bits two bytes differ, made for each `a` when it is first asked for.
local differing = {}
local nibbles = {}
for one = 0, 15 do
  nibbles[one] = {}
  for other = 0, 15 do
    local bits, left = 0, bit.bxor(one, other)
    while left > 0 do
      bits, left = bits + left % 2, floor(left / 2)
    end
    nibbles[one][other] = bits
  end
end

local function differing_from(value)
  local row = differing[value]
  if not row then
    local high, low = nibbles[floor(value / 16)], nibbles[value % 16]
    row = {}
    for upper = 0, 15 do
      for lower = 0, 15 do
        row[upper * 16 + lower] = high[upper] + low[lower]
      end
    end
    differing[value] = row
  end
  return row
end

-- What a hash is compared with: for each of its bytes the row of `differing`.
local function rows_of(hash)
  local rows = {}
  for place = 1, PDQ_BYTES do
    rows[place] = differing_from(byte(hash, place))
  end
  return rows
end

-- In how many bits the hash at `start` of `raw` differs; nil beyond the reach, as most are seen to be after a half.
local function distance(rows, raw, start)
  local far = 0
  for place = 1, PDQ_BYTES, 8 do
    local a, b, c, d, e, f, g, h = byte(raw, start + place - 1, start + place + 6)
    far = far + rows[place][a] + rows[place + 1][b] + rows[place + 2][c] + rows[place + 3][d]
      + rows[place + 4][e] + rows[place + 5][f] + rows[place + 6][g] + rows[place + 7][h]
    if far > PDQ_WITHIN then
      return nil
    end
  end
  return far
end

local function band_keys(prefix, hash)
  local keys = {}
  for band, value in ipairs({unpack(WORDS, hash)}) do
    if band <= BANDS then
      keys[band] = prefix .. band .. ':' .. value
    end
  end
  return keys
end

-- The keys where hashes lie that share a band, or have it but for one bit.
local function near_keys(prefix, hash)
  local keys, words = {}, {unpack(WORDS, hash)}
  for band = 1, BANDS do
    local start = prefix .. band .. ':'
    keys[#keys + 1] = start .. words[band]
    for place = 0, 15 do
      keys[#keys + 1] = start .. bit.bxor(words[band], bit.lshift(1, place))
    end
  end
  return keys
end

-- Whether one comes before the other in the order of their bytes; comparing strings would ask the locale.
local function before(one, other)
  for place = 1, PDQ_BYTES do
    local left, right = byte(one, place), byte(other, place)
    if left ~= right then
      return left < right
    end
  end
  return false
end

-- The digest of the tally for which the nearest hash within reach stands (of several the least), or nil; and how many
-- were compared. `more` holds, one after the other, those that are not stored yet.
local function nearest_picture(prefix, hash, more)
  local best, digest, nearest, compared = PDQ_WITHIN + 1, nil, nil, 0
  local lists = call('MGET', table_unpack(near_keys(prefix, hash)))
  lists[#lists + 1] = more
  local rows = rows_of(hash)
  for _, raw in ipairs(lists) do
    for start = 1, raw and #raw or 0, PICTURE_BYTES do
      local far = distance(rows, raw, start)
      if far and far <= best then
        local found = sub(raw, start, start + PDQ_BYTES - 1)
        if far < best or before(found, nearest) then
          best, nearest, digest = far, found, sub(raw, start + PDQ_BYTES, start + PICTURE_BYTES - 1)
        end
      end
      compared = compared + 1
    end
  end
  return digest, compared
end

local function store_picture(prefix, known, hash, digest)
  for _, key in ipairs(band_keys(prefix, hash)) do
    call('SET', key, (call('GET', key) or '') .. hash .. digest)
  end
  call('HSET', bucket(known, digest), digest, hash)
end

local function forget_picture(prefix, known, digest)
  local hash = call('HGET', bucket(known, digest), digest)
  if not hash then
    return
  end
  for _, key in ipairs(band_keys(prefix, hash)) do
    local raw, kept = call('GET', key) or '', {}
    for start = 1, #raw, PICTURE_BYTES do
      local picture = sub(raw, start, start + PICTURE_BYTES - 1)
      if picture ~= hash .. digest then
        kept[#kept + 1] = picture
      end
    end
    if #kept > 0 then
      call('SET', key, table.concat(kept))
    else
      call('DEL', key)
    end
  end
  call('HDEL', bucket(known, digest), digest)
end
