-- Writes the appeals of one image, if nothing of what they were made from has changed meanwhile. records and stories of
-- judgement/, and lists, come before it.
--
-- KEYS  1 appeals (hash: the image's bucket)  2 images (hash: the image's bucket)  3 appealed (zset)  4 answered (zset)
--       5 events (stream)  6 stories (prefix of bucket hashes)  7 stats (hash)
-- ARGV  1 id  2 digest  3 what the appeals must be  4 what they are from now on ('' for none)
--       5 1: the image's record must be  6 this ('' for none)
--       7 since when one is open, ms ('' for none)  8 when the oldest was decided, ms ('' for none)
--       9... events of appeals, each of one that has lapsed
-- Result  1 written   0 something has changed: read again

local appeals, images, appealed = KEYS[1], KEYS[2], KEYS[3]
local answered, events, stories, stats = KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local id, digest, old, new = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if (call('HGET', appeals, digest) or '') ~= old then
  return 0
end
if ARGV[5] == '1' and (call('HGET', images, digest) or '') ~= ARGV[6] then
  return 0
end
local story = told.of(stories, digest)
call('ZCARD', answered)
call('ZCARD', appealed)
call('HLEN', stats)
call('XLEN', events)  -- a key of a wrong type must be found before the first write

if new == '' then
  call('HDEL', appeals, digest)
else
  call('HSET', appeals, digest, new)
end
list_appeals(appealed, answered, id, ARGV[7], ARGV[8])
for i = 9, #ARGV do
  story = told.add(stories, digest, story, 'appeal', call('XADD', events, '*', 'event', ARGV[i]))
  call('HINCRBY', stats, 'appeals_lapsed', 1)
end
return 1
