-- Writes what became of an attempt: done with the event, or try it again later. An attempt that outlived its lease, so
-- that another has settled the event, changes nothing.
--
-- KEYS  1 queues (hash)  2 due (zset)  3 failing (hash: subscription -> since when, ms)
-- ARGV  1 subscription  2 subject  3 the entry as it was claimed  4 now, ms  5 when to try again, ms; '' when done with it
--       6 whether the endpoint answered well: 1, 0, or '' when it was not asked
-- Result  1 settled, 0 too late

local waiting = redis.call('HGET', KEYS[1], ARGV[2])
local head = waiting and string.match(waiting, '^[^,]+')
if head ~= ARGV[3] then
  return 0
end
local rest = string.sub(waiting, #head + 2)
if ARGV[5] == '' then
  if rest == '' then
    redis.call('HDEL', KEYS[1], ARGV[2])
    redis.call('ZREM', KEYS[2], ARGV[2])
  else
    redis.call('HSET', KEYS[1], ARGV[2], rest)
    redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
  end
else
  local place, attempts = string.match(head, '^(.*):(%d+)$')
  local again = place .. ':' .. (attempts + 1)
  redis.call('HSET', KEYS[1], ARGV[2], rest == '' and again or (again .. ',' .. rest))
  redis.call('ZADD', KEYS[2], ARGV[5], ARGV[2])
end
if ARGV[6] == '0' then
  redis.call('HSETNX', KEYS[3], ARGV[1], ARGV[4])
elseif ARGV[6] == '1' and redis.call('HDEL', KEYS[3], ARGV[1]) == 1 then
  -- It works again: what waits for its next attempt need not wait any longer.
  for _, subject in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    redis.call('ZADD', KEYS[2], 'XX', 'LT', ARGV[4], subject)
  end
end
return 1
