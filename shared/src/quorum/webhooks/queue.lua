-- Queues events for a subscription and moves its cursor: both or neither, and once, whoever else does the same.
--
-- KEYS  1 cursors (hash)  2 queues (hash: subject -> entries)  3 due (zset: subjects by the time of their next attempt)
--       4 subscriptions (hash)
-- ARGV  1 subscription  2 the cursor that was read from, '' to leave it  3 the cursor from now on  4 now, ms
--       5.. pairs: subject, entry (partition:stream id)
-- Result  1 queued, 0 somebody else was faster, or it was removed
-- Cost  O(events)

if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 0 then
  return 0
end
if ARGV[2] ~= '' then
  if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
    return 0
  end
end
-- These raise when a key is of a wrong type: before anything is written.
redis.call('HLEN', KEYS[2])
redis.call('ZCARD', KEYS[3])
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
for i = 5, #ARGV, 2 do
  local waiting = redis.call('HGET', KEYS[2], ARGV[i])
  local entry = ARGV[i + 1] .. ':0'
  redis.call('HSET', KEYS[2], ARGV[i], waiting and (waiting .. ',' .. entry) or entry)
  redis.call('ZADD', KEYS[3], 'NX', ARGV[4], ARGV[i])
end
return 1
