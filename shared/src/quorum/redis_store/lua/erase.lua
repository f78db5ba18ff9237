-- Erases some people from one bucket: the rows of their reports, and what was decided of them.
--
-- KEYS  1 images   2 reporters (bucket hashes)
-- ARGV  fingerprints
-- Result  how many rows and standings were erased
-- Cost  O(rows in the bucket)

local erased = 0
local fields = call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local raw = fields[i + 1]
  local epoch, state, score = unpack(HEAD, raw)
  if state ~= CLEARED then
    local kept, before = {}, #raw
    for start = HEAD_BYTES + 1, #raw, ROW_BYTES do
      local fingerprint, _, weight = unpack(ROW, raw, start)
      local theirs = false
      for _, wanted in ipairs(ARGV) do
        theirs = theirs or wanted == fingerprint
      end
      if theirs then
        score, erased = score - weight, erased + 1
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
for _, wanted in ipairs(ARGV) do
  erased = erased + call('HDEL', KEYS[2], wanted)
end
return erased
