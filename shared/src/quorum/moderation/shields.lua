-- Raises or lowers the shields by hand, or says that their time is over, each with its event.
--
-- KEYS  1 shields (hash)   2 events (stream)
-- ARGV  1 raise, lower or settle   2 now, ms   3 until when, ms   4 the event
-- Result  1: changed, 0: they were so already

local up_until = tonumber(redis.call('HGET', KEYS[1], 'up_until') or 0)
local what, now = ARGV[1], tonumber(ARGV[2])

if what == 'raise' then
  redis.call('HSET', KEYS[1], 'up_until', ARGV[3])
  if up_until > now then
    return 0
  end
elseif what == 'lower' then
  if up_until <= now then
    return 0
  end
  redis.call('HSET', KEYS[1], 'up_until', 0, 'counted_from', ARGV[2])
else
  if up_until == 0 or up_until > now then
    return 0
  end
  redis.call('HSET', KEYS[1], 'up_until', 0, 'counted_from', up_until)
end
redis.call('XADD', KEYS[2], '*', 'event', ARGV[4])
return 1
