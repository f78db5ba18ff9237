-- Appends accepted reports to the inbox, stamped with the server's time, and says whether the doorbell must be rung.
--
-- KEYS  1 inbox (list)   2 bell (string)
-- ARGV  1 ceiling of the inbox, entries   2 life of the bell, ms   3.. reports without their time (codec.py)
-- Result  1: appended, ring the bell   0: appended, the bell rings already   -1: full, nothing appended
-- Cost  O(reports). At maxmemory it fails before anything is written.

local inbox, bell = KEYS[1], KEYS[2]

if redis.call('LLEN', inbox) + #ARGV - 2 > tonumber(ARGV[1]) then
  return -1
end

local clock = redis.call('TIME')
local stamp = struct.pack('>I6', clock[1] * 1000 + math.floor(clock[2] / 1000))
for i = 3, #ARGV do
  redis.call('RPUSH', inbox, stamp .. ARGV[i])
end

if redis.call('SET', bell, 1, 'NX', 'PX', ARGV[2]) then
  return 1
end
return 0
