-- Ends what has been kept long enough of people in one partition: reports in the journal, dead letters, erasures.
--
-- KEYS  1 journal (list)   2 dead (stream)   3 erased (zset)
-- ARGV  1 the policy's window, ms   2 how long erasures are remembered, ms   3 how many of each at most
-- Result  {reports, dead letters, erasures}
-- Cost  O(ended), and O(dead letters) when one of them ends

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local oldest, limit = now - tonumber(ARGV[1]), tonumber(ARGV[3])

local reports = 0
for _, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, limit - 1)) do
  if #entry >= 6 and struct.unpack('>I6', entry) > oldest then
    break
  end
  reports = reports + 1
end
if reports > 0 then
  redis.call('LTRIM', KEYS[1], reports, -1)
end

-- Redis only marks what XDEL removes from a stream, and its bytes stay for long: what is left is written anew.
local dead, left = 0, {}
if oldest > 0 and redis.call('XLEN', KEYS[2]) > 0 then
  dead = #redis.call('XRANGE', KEYS[2], '-', string.format('(%.0f-0', oldest), 'COUNT', limit)
end
if dead > 0 then
  left = redis.call('XRANGE', KEYS[2], '-', '+')
  redis.call('DEL', KEYS[2])
end
for i = dead + 1, #left do
  redis.call('XADD', KEYS[2], left[i][1], unpack(left[i][2]))
end

return {reports, dead, redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', now - ARGV[2]))}
