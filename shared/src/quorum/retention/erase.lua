-- Erases people from one bucket: the rows of their reports, what was decided of them, which blocks they carried.
--
-- KEYS  1 images   2 reporters   3 budgets   4 decided (bucket hashes)   5 erased (zset: fingerprint by the time of an
--       erasure, ms)
-- ARGV  fingerprints of which nothing stays; without any, those in the zset, of whom stays what is younger
-- Result  how many rows, standings and budgets were erased
-- Cost  O(rows and standings in the bucket)

local all, listed, erased = {}, #ARGV == 0, 0
for _, fingerprint in ipairs(ARGV) do
  all[fingerprint] = true
end

local function is_erased(fingerprint, at)
  if not listed then
    return all[fingerprint]
  end
  local until_ms = call('ZSCORE', KEYS[5], fingerprint)
  return until_ms and at <= tonumber(until_ms)
end

-- What is no record cannot be read row by row: it goes as a whole when it holds one of the fingerprints.
local function is_record(raw)
  if #raw < HEAD_BYTES then
    return false
  end
  local known, _, _, _, rows = pcall(read_record, raw)
  return known and #rows % ROW_BYTES == 0
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
    local epoch, state, score, rows, cleared, name, wary = read_record(raw)
    local kept = {}
    for start = 1, #rows, ROW_BYTES do
      local fingerprint, at = unpack('>c12I6', rows, start)
      if not is_erased(fingerprint, at) then
        kept[#kept + 1] = sub(rows, start, start + ROW_BYTES - 1)
      end
    end
    local gone = #rows / ROW_BYTES - #kept
    if gone > 0 then
      -- what is left weighs its share, until the image is judged again
      score, erased = floor(score * #kept / (#kept + gone)), erased + gone
      call('HSET', KEYS[1], fields[i], written_record(epoch, state, score, table.concat(kept), cleared, name, wary))
    end
  end
end

if not listed then
  for _, fingerprint in ipairs(ARGV) do
    erased = erased + call('HDEL', KEYS[2], fingerprint) + call('HDEL', KEYS[3], fingerprint)
  end
else
  local standings = call('HGETALL', KEYS[2])
  for i = 1, #standings, 2 do
    local decided = #standings[i + 1] == 17 and unpack('>I4', standings[i + 1], 14) or 0
    if is_erased(standings[i], decided * 60000) then
      erased = erased + call('HDEL', KEYS[2], standings[i])
    end
  end
  local budgets = call('HGETALL', KEYS[3])
  for i = 1, #budgets, 2 do
    local last = #budgets[i + 1] >= 4 and unpack('>I4', budgets[i + 1], #budgets[i + 1] - 3) or 0
    if is_erased(budgets[i], last * 1000) then
      erased = erased + call('HDEL', KEYS[3], budgets[i])
    end
  end
end

local function unhex(text)
  return (string.gsub(text, '%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
end

-- Takes out of a list what begins with the fingerprint of somebody erased; `at` is when, or nil where the list says it.
local function without(list, at)
  local kept = {}
  for _, text in ipairs(list) do
    local raw = unhex(sub(text, 1, 36))
    if is_erased(sub(raw, 1, 12), at or unpack('>I6', raw, 13)) then
      erased = erased + 1
    else
      kept[#kept + 1] = text
    end
  end
  return kept
end

local function holds_hex(raw)
  for fingerprint in pairs(all) do
    local text = string.gsub(fingerprint, '.', function(c) return string.format('%02x', byte(c)) end)
    if find(raw, text, 1, true) then
      return true
    end
  end
  return false
end

-- Decisions to be taken back (JSON, moderation/past.py).
local decided = call('HGETALL', KEYS[4])
for i = 1, #decided, 2 do
  local before, known, past = erased, pcall(cjson.decode, decided[i + 1])
  known = known and type(past) == 'table'
  for _, decision in ipairs(known and past or {}) do
    known = known and type(decision) == 'table' and type(decision.changes) == 'table' and type(decision.rows) == 'table'
  end
  if not known then
    if holds_hex(decided[i + 1]) then
      erased = erased + call('HDEL', KEYS[4], decided[i])
    end
  else
    for _, decision in ipairs(past) do
      decision.changes = without(decision.changes, decision.at)
      decision.rows = without(decision.rows)
    end
    if erased > before then
      call('HSET', KEYS[4], decided[i], cjson.encode(past))
    end
  end
end
return erased
