-- Forgets, in one bucket, the reporters whose reports left the window, and open images that nobody reports any more;
-- also view counts that were not renewed, what was decided of people long ago, and what happened long ago to images that
-- are open.
--
-- KEYS  1 images  2 copies  3 views  4 reporters  5 budgets  6 decided  7 stories (bucket hashes)
--       8 prefix of the aliases' bucket hashes  9 bands of PDQ hashes  10 hashes by tally (prefixes; see pictures.lua)
--       11 pending (zset)
-- ARGV  1 the policy's window, ms   2 how long a reporter's standing is kept after their last decided report, minutes;
--       an image's story likewise after what happened last
--       3 what a reporter can weigh at most   4 the lowest bar, both in thousandths of a point   5 the bucket
-- Result  how many images were forgotten
-- Cost  O(images and reporters in the bucket)

local images, copies, views, reporters, budgets = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local decided, stories, aliases, pending = KEYS[6], KEYS[7], KEYS[8], KEYS[11]

local clock = call('TIME')
local now = clock[1] * 1000 + floor(clock[2] / 1000)
local oldest = now - tonumber(ARGV[1])
local forgotten = 0

-- The images that show a picture, as {digest, id} pairs.
local function copies_of(digest)
  local all, raw, start = {}, call('HGET', copies, digest) or '', 1
  while start <= #raw do
    local own, id
    own, id, start = unpack('>c16Hc0', raw, start)
    all[#all + 1] = {own, id}
  end
  return all
end

local function forget_copies(digest)
  for _, copy in ipairs(copies_of(digest)) do
    call('HDEL', bucket(aliases, copy[1]), copy[1])
  end
  if call('HDEL', copies, digest) == 1 then
    forget_picture(KEYS[9], KEYS[10], digest)
  end
end

-- A policy that has changed may let images cross that nobody reports any more: they are judged again.
local function may_cross(state, rows)
  return (state == OPEN or state == HELD) and #rows / ROW_BYTES * tonumber(ARGV[3]) >= tonumber(ARGV[4])
end

local fields = call('HGETALL', images)
for i = 1, #fields, 2 do
  local digest, raw = fields[i], fields[i + 1]
  local epoch, state, score, rows, cleared, name, wary = read_record(raw)
  local start = first_inside(rows, oldest)
  if start > #rows and state == OPEN and epoch == 1 then
    call('HDEL', images, digest)
    forget_copies(digest)
    forgotten = forgotten + 1
  elseif start > 1 then
    -- what is left weighs its share, until the image is judged again
    score = floor(score * (#rows - start + 1) / #rows)
    rows = sub(rows, start)
    call('HSET', images, digest, written_record(epoch, state, score, rows, cleared, name, wary))
  end
  if may_cross(state, rows) then
    for _, copy in ipairs(copies_of(digest)) do
      call('ZADD', pending, 'NX', 0, copy[1] .. copy[2])
    end
    if name then
      call('ZADD', pending, 'NX', 0, digest .. name)
    end
  end
end

-- An image that stays beside its picture, of which nothing else is known.
fields = call('HGETALL', aliases .. ARGV[5])
for i = 1, #fields, 2 do
  if #fields[i + 1] > 16 and call('HEXISTS', images, fields[i]) == 0 then
    call('HDEL', aliases .. ARGV[5], fields[i])
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

fields = call('HGETALL', decided)
for i = 1, #fields, 2 do
  local known, past = pcall(cjson.decode, fields[i + 1])
  local last = known and type(past) == 'table' and past[#past]
  if type(last) == 'table' and (tonumber(last.at) or now) + tonumber(ARGV[2]) * 60000 < now then
    call('HDEL', decided, fields[i])
  end
end

local function is_open(digest)
  local raw = call('HGET', images, digest)
  return not raw or select(2, read_record(raw)) == OPEN
end

fields = call('HGETALL', stories)
for i = 1, #fields, 2 do
  local story, last = fields[i + 1], 0
  if #story >= told.BYTES then
    last = select(2, unpack(told.FORMAT, story, #story - told.BYTES + 1))
  end
  if last + tonumber(ARGV[2]) * 60000 < now and is_open(fields[i]) then
    call('HDEL', stories, fields[i])
  end
end

fields = call('HGETALL', budgets)
for i = 1, #fields, 2 do
  if unpack('>I4', fields[i + 1], #fields[i + 1] - 3) < floor(now / 1000) - 86400 then
    call('HDEL', budgets, fields[i])
  end
end
return forgotten
