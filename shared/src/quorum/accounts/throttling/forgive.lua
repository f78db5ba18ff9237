-- The password was right: what was counted for it is taken back, and the network is known from now on.
--
-- KEYS  as in count.lua
-- ARGV  1 how many counters had counted it   2 how long the network is known, ms; 0: not at all

local call = redis.call
call('DEL', KEYS[2])
for place = 3, ARGV[1] + 1 do
  if call('EXISTS', KEYS[place]) == 1 then
    call('HINCRBY', KEYS[place], 'tried', -1)
    call('HDEL', KEYS[place], 'until')
  end
end
if tonumber(ARGV[2]) > 0 then
  call('SET', KEYS[1], '1', 'PX', ARGV[2])
end
return 1
