-- Moves the cursor of what was published, for the owner of the lease alone: one that slept through its lease must not
-- set it back behind what another has published since.
--
-- KEYS  1 lease (string: its owner)  2 cursor (string)
-- ARGV  1 owner  2 cursor
-- Result  1 moved, 0 another has the lease, or nobody

if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[2])
return 1
