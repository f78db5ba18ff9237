-- Forgets, in one bucket, the reporters whose reports left the window, and open images that nobody reports any more;
-- also view counts that were not renewed, and what was decided of people long ago.
--
-- KEYS  1 images  2 copies  3 views  4 reporters (bucket hashes)   5 prefix of the aliases' bucket hashes
--       6 bands of PDQ hashes  7 hashes by tally (prefixes; see pictures.lua)
-- ARGV  1 the policy's window, ms   2 how long a reporter's standing is kept after their last decided report, minutes
-- Result  how many images were forgotten
-- Cost  O(images and reporters in the bucket)

local images, copies, views, reporters, aliases = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

local clock = call('TIME')
local now = clock[1] * 1000 + floor(clock[2] / 1000)
local oldest = now - tonumber(ARGV[1])
local forgotten = 0

local function forget_copies(digest)
  local raw = call('HGET', copies, digest)
  if raw then
    local start, own, _ = 1, nil, nil
    while start <= #raw do
      own, _, start = unpack('>c16Hc0', raw, start)
      call('HDEL', bucket(aliases, own), own)
    end
    call('HDEL', copies, digest)
    forget_picture(KEYS[6], KEYS[7], digest)
  end
end

local fields = call('HGETALL', images)
for i = 1, #fields, 2 do
  local digest, raw = fields[i], fields[i + 1]
  local epoch, state, score = unpack(HEAD, raw)
  if state ~= CLEARED then
    local rows = sub(raw, HEAD_BYTES + 1)
    local start, gone = first_inside(rows, oldest)
    if start > #rows and state == OPEN and epoch == 1 then
      call('HDEL', images, digest)
      forget_copies(digest)
      forgotten = forgotten + 1
    elseif start > 1 then
      call('HSET', images, digest, pack(HEAD, epoch, state, score - gone) .. sub(rows, start))
    end
  end
end

fields = call('HGETALL', views)
for i = 1, #fields, 2 do
  local _, told = unpack('>I6I6', fields[i + 1])
  if told <= oldest then
    call('HDEL', views, fields[i])
  end
end

fields = call('HGETALL', reporters)
for i = 1, #fields, 2 do
  local _, _, _, _, muted_until, decided = unpack('>HHBI4I4I4', fields[i + 1])
  if math.max(decided, muted_until) + tonumber(ARGV[2]) < floor(now / 60000) then
    call('HDEL', reporters, fields[i])
  end
end
return forgotten
