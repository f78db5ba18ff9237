-- Adds a subscription, unless others have come or gone since its caller has looked: then look again.
--
-- KEYS  1 subscriptions (hash: id -> JSON)  2 cursors (hash: id -> cursor)
-- ARGV  1 id  2 JSON  3 the cursor to begin after  4.. the ids that were there
-- Result  1 added, 0 look again
-- Cost  O(subscriptions)

if redis.call('HLEN', KEYS[1]) ~= #ARGV - 3 then
  return 0
end
for i = 4, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 0 then
    return 0
  end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
