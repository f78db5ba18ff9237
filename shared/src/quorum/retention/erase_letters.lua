-- Erases some dead letters. Redis only marks what XDEL removes from a stream, and its bytes stay for long; so what is left
-- is written anew, each letter with its id.
--
-- KEYS  1 dead (stream)
-- ARGV  ids of dead letters
-- Result  how many were erased
-- Cost  O(dead letters)

local gone, kept = {}, {}
for _, id in ipairs(ARGV) do
  gone[id] = true
end
local letters = redis.call('XRANGE', KEYS[1], '-', '+')
for _, letter in ipairs(letters) do
  if not gone[letter[1]] then
    kept[#kept + 1] = letter
  end
end
if #kept < #letters then
  redis.call('DEL', KEYS[1])
  for _, letter in ipairs(kept) do
    redis.call('XADD', KEYS[1], letter[1], unpack(letter[2]))
  end
end
return #letters - #kept
