-- Writes the appeals of one image without what was erased, unless they have changed meanwhile.
--
-- KEYS  1 appeals (hash)
-- ARGV  1 digest of the image  2 what the appeals must be  3 what they are from now on ('' for none)
-- Result  1 written   0 something has changed: read again

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
