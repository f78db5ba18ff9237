-- Forgets, in one bucket, the reporters whose reports left the window, and open images that nobody reports any more.
--
-- KEYS  1 bucket (hash)
-- ARGV  1 the policy's window, ms
-- Result  how many images were forgotten
-- Cost  O(images in the bucket)

local OPEN, HEAD, ROW, HEAD_BYTES, ROW_BYTES = 0, '>HBI4', '>c12I6HH', 7, 22

local clock = redis.call('TIME')
local oldest = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[1])
local fields = redis.call('HGETALL', KEYS[1])
local forgotten = 0
for i = 1, #fields, 2 do
  local digest, raw = fields[i], fields[i + 1]
  local epoch, state, score = struct.unpack(HEAD, raw)
  local start = HEAD_BYTES + 1
  while start <= #raw do
    local _, at, weight = struct.unpack(ROW, raw, start)
    if at > oldest then
      break
    end
    score = score - weight
    start = start + ROW_BYTES
  end
  if start > #raw and state == OPEN and epoch == 1 then
    redis.call('HDEL', KEYS[1], digest)
    forgotten = forgotten + 1
  elseif start > HEAD_BYTES + 1 then
    redis.call('HSET', KEYS[1], digest, struct.pack(HEAD, epoch, state, score) .. string.sub(raw, start))
  end
end
return forgotten
