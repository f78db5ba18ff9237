-- Erases people from one bucket: the rows of their reports, and what was decided of them.
--
-- KEYS  1 images   2 reporters (bucket hashes)   3 erased (zset: fingerprint by the time of an erasure, ms)
-- ARGV  fingerprints of which nothing stays; without any, those in the zset, of whom stays what is younger
-- Result  how many rows and standings were erased
-- Cost  O(rows and standings in the bucket)

local all, listed, erased = {}, #ARGV == 0, 0
for _, fingerprint in ipairs(ARGV) do
  all[fingerprint] = true
end

local function is_erased(fingerprint, at)
  if not listed then
    return all[fingerprint]
  end
  local until_ms = call('ZSCORE', KEYS[3], fingerprint)
  return until_ms and at <= tonumber(until_ms)
end

-- What is no record cannot be read row by row: it goes as a whole when it holds one of the fingerprints.
local function is_record(raw)
  if #raw < HEAD_BYTES then
    return false
  end
  local _, state = unpack(HEAD, raw)
  return state == CLEARED or (#raw - HEAD_BYTES) % ROW_BYTES == 0
end

local function holds_one(raw)
  for fingerprint in pairs(all) do
    if find(raw, fingerprint, 1, true) then
      return true
    end
  end
  return false
end

local fields = call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local raw = fields[i + 1]
  if not is_record(raw) then
    if holds_one(raw) then
      erased = erased + call('HDEL', KEYS[1], fields[i])
    end
  else
    local epoch, state, score = unpack(HEAD, raw)
    if state ~= CLEARED then
      local kept, before = {}, #raw
      for start = HEAD_BYTES + 1, #raw, ROW_BYTES do
        local fingerprint, at, weight = unpack(ROW, raw, start)
        if is_erased(fingerprint, at) then
          score, erased = math.max(score - weight, 0), erased + 1
        else
          kept[#kept + 1] = sub(raw, start, start + ROW_BYTES - 1)
        end
      end
      local rows = table.concat(kept)
      if #rows + HEAD_BYTES < before then
        call('HSET', KEYS[1], fields[i], pack(HEAD, epoch, state, score) .. rows)
      end
    end
  end
end

if not listed then
  for _, fingerprint in ipairs(ARGV) do
    erased = erased + call('HDEL', KEYS[2], fingerprint)
  end
else
  local standings = call('HGETALL', KEYS[2])
  for i = 1, #standings, 2 do
    local decided = #standings[i + 1] == 17 and unpack('>I4', standings[i + 1], 14) or 0
    if is_erased(standings[i], decided * 60000) then
      erased = erased + call('HDEL', KEYS[2], standings[i])
    end
  end
end
return erased
