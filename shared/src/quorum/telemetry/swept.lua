-- Notes that a worker has swept, at the server's time, and forgets workers that are long gone.
--
-- KEYS  1 workers (zset)
-- ARGV  1 the worker's name   2 after how many ms a worker is forgotten
-- Result  the server's time in ms
-- Cost  O(workers forgotten). Removing comes first, so that this goes on at maxmemory: a worker that drains must not
--       look dead.

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
return now
