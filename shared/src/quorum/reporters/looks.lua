-- Counts one more look-up of somebody, and says whether it is one too many. The minute begins with their first.
--
-- KEYS  1 their counter (string)
-- ARGV  1 how many a minute   2 a minute, ms
-- Result  0 when it is within the limit, else the seconds until they may look again
-- Cost  O(1). At maxmemory nothing can be counted, and they may look: what is blocked must be hidden then, too.

local used = redis.pcall('INCR', KEYS[1])
if type(used) == 'table' then
  return 0
end
if used == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if used <= tonumber(ARGV[1]) then
  return 0
end
return math.max(1, math.ceil(redis.call('PTTL', KEYS[1]) / 1000))
