-- Takes or renews the right to publish, for a time.
--
-- KEYS  1 lease (string: its owner)  2 paused (string): while it is there, nobody may
-- ARGV  1 owner  2 for how long, ms
-- Result  1 it is the owner's, 0 another has it, or nobody may

if redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
