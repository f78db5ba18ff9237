-- Takes the first waiting event of some subjects whose time has come, for as long as a lease; events of one subject stay
-- in order, since only the first of them can be taken. Works at maxmemory: its first write frees memory.
--
-- KEYS  1 queues (hash)  2 due (zset)  3 paused (string): while it is there, nothing can be taken
-- ARGV  1 now, ms  2 lease, ms  3 how many at most
-- Result  pairs: subject, entry (partition:stream id:attempts so far)

if redis.call('EXISTS', KEYS[3]) == 1 then
  return {}
end
local subjects = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
redis.call('HLEN', KEYS[1])  -- raises when it is of a wrong type, before anything is written
local claimed = {}
for _, subject in ipairs(subjects) do
  local waiting = redis.call('HGET', KEYS[1], subject)
  local head = waiting and string.match(waiting, '^[^,]+')
  redis.call('ZREM', KEYS[2], subject)
  if head then
    redis.call('ZADD', KEYS[2], ARGV[1] + ARGV[2], subject)
    claimed[#claimed + 1] = subject
    claimed[#claimed + 1] = head
  else
    redis.call('HDEL', KEYS[1], subject)
  end
end
return claimed
