-- Finds, among the PDQ hashes that stand for a tally, the one nearest to another; it is put in front of scripts that
-- need it. 256 bits are 16 bands of 16. Of two hashes within 31 bits some band differs in one bit at most (16 bands with
-- two each would be 32), so that 17 keys in each band hold every candidate: multi-index hashing, M. Norouzi, A. Punjani
-- and D. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing" (2012).
--
-- A key of a band holds, one after the other, hash:32 and tally digest:16 of each picture whose band has its value.

local BANDS, PDQ_BYTES, PICTURE_BYTES, PDQ_WITHIN = 16, 32, 48, 31
local WORDS = '>HHHHHHHHHHHHHHHH'
local bits_set  -- in each byte

local function distance(one, other)
  local different = 0
  for band = 1, BANDS do
    local bits = bit.bxor(one[band], other[band])
    different = different + bits_set[bits % 256] + bits_set[floor(bits / 256)]
    if different > PDQ_WITHIN then
      return nil
    end
  end
  return different
end

local function words_of(hash)
  if not bits_set then
    bits_set = {[0] = 0}
    for value = 1, 255 do
      bits_set[value] = bits_set[floor(value / 2)] + value % 2
    end
  end
  return {unpack(WORDS, hash)}
end

local function band_keys(prefix, words)
  local keys = {}
  for band = 1, BANDS do
    keys[band] = prefix .. band .. ':' .. words[band]
  end
  return keys
end

-- Whether one comes before the other in the order of their bytes; comparing strings would ask the locale.
local function before(one, other)
  for band = 1, BANDS do
    if one[band] ~= other[band] then
      return one[band] < other[band]
    end
  end
  return false
end

-- Keeps the nearer of two candidates, or the lesser of two that are as near.
local function nearer(best, words, candidate, digest)
  local far = distance(words, candidate)
  if far and (not best or far < best.far or (far == best.far and before(candidate, best.words))) then
    return {far = far, words = candidate, digest = digest}
  end
  return best
end

-- The digest of the tally for which the nearest hash within reach stands, or nil; and how many were compared. `more`
-- has those that are not stored yet, as {words =, digest =}.
local function nearest_picture(prefix, words, more)
  local keys, best, compared = {}, nil, #more
  for band = 1, BANDS do
    local start = prefix .. band .. ':'
    keys[#keys + 1] = start .. words[band]
    for place = 0, 15 do
      keys[#keys + 1] = start .. bit.bxor(words[band], bit.lshift(1, place))
    end
  end
  for _, raw in ipairs(call('MGET', table_unpack(keys))) do
    for start = 1, raw and #raw or 0, PICTURE_BYTES do
      best = nearer(best, words, words_of(sub(raw, start, start + PDQ_BYTES - 1)),
        sub(raw, start + PDQ_BYTES, start + PICTURE_BYTES - 1))
      compared = compared + 1
    end
  end
  for _, one in ipairs(more) do
    best = nearer(best, words, one.words, one.digest)
  end
  return best and best.digest, compared
end

local function store_picture(prefix, known, hash, digest)
  for _, key in ipairs(band_keys(prefix, words_of(hash))) do
    call('SET', key, (call('GET', key) or '') .. hash .. digest)
  end
  call('HSET', bucket(known, digest), digest, hash)
end

local function forget_picture(prefix, known, digest)
  local hash = call('HGET', bucket(known, digest), digest)
  if not hash then
    return
  end
  for _, key in ipairs(band_keys(prefix, words_of(hash))) do
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
