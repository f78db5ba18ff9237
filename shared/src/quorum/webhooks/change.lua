-- Replaces what is stored of a subscription, unless it is not what its caller has seen.
--
-- KEYS  1 subscriptions (hash: id -> JSON)
-- ARGV  1 id  2 the JSON that was seen  3 the JSON from now on
-- Result  1 replaced, 0 look again

if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
