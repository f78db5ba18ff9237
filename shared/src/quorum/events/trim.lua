-- Removes events that are older than is kept, and remembers the last one removed, so that a late cursor can be told.
--
-- KEYS  1 events (stream)   2 trimmed (string)
-- ARGV  1 how long events are kept, ms   2 how many to remove at most
-- Result  how many were removed
-- Cost  O(removed)

local clock = redis.call('TIME')
local oldest = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[1])
if oldest < 0 then
  return 0
end
local expired = redis.call('XRANGE', KEYS[1], '-', '(' .. oldest .. '-0', 'COUNT', ARGV[2])
if #expired == 0 then
  return 0
end
for _, event in ipairs(expired) do
  redis.call('XDEL', KEYS[1], event[1])
end
redis.call('SET', KEYS[2], expired[#expired][1])
return #expired
