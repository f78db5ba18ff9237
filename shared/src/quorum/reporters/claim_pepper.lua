-- Note whose pepper the data is kept under: where nothing is noted, or the pepper that is being replaced.
-- KEYS[1] meta (hash). ARGV: field, mark of the pepper, mark of the one before (the same when there is none).
-- Returns the mark that is noted then. O(1).
local noted = redis.call('HGET', KEYS[1], ARGV[1])
if noted and noted ~= ARGV[3] then
  return noted
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return ARGV[2]
