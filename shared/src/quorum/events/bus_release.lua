-- Gives the right to publish back, unless another has it by now.
--
-- KEYS  1 lease (string: its owner)
-- ARGV  1 owner
-- Result  1 given back, 0 it was not the owner's

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
