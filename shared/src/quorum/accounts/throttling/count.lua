-- Counts one more password that is about to be tried, unless it is too early for it.
--
-- KEYS  1 exists where this name has been signed in from this network (string)
--       2 counter of name and network   3 and so on: counters that do not count for such a network (hashes)
-- ARGV  1 the first wait, ms   2 the longest, ms   3 how long what is below its limit is counted, ms
--       4 how long what is beyond it is remembered, ms   then the limit of each counter
-- Result  how long to wait, ms, 0 when it may be tried now; how many counters have counted it

local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local last = call('EXISTS', KEYS[1]) == 1 and 2 or #KEYS
local wait = 0
for place = 2, last do
  wait = math.max(wait, tonumber(call('HGET', KEYS[place], 'until') or 0) - now)
end
if wait > 0 then
  return {wait, 0}
end
for place = 2, last do
  local tried = call('HINCRBY', KEYS[place], 'tried', 1)
  local beyond = tried - ARGV[place + 3]
  if beyond >= 0 then
    call('HSET', KEYS[place], 'until', now + math.min(ARGV[2], ARGV[1] * 2 ^ beyond))
    call('PEXPIRE', KEYS[place], ARGV[4])
  elseif tried == 1 then
    call('PEXPIRE', KEYS[place], ARGV[3])
  end
end
return {0, last - 1}
