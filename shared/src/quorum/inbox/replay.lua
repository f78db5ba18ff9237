-- Puts dead letters back into the inbox, oldest first; their time of arrival stays.
--
-- KEYS  1 dead (stream)   2 inbox (list)
-- ARGV  1 how many at most   2 first id   3 last id
-- Result  how many were put back
-- Cost  O(entries)

local letters = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[3], 'COUNT', ARGV[1])
for _, letter in ipairs(letters) do
  local id, fields = letter[1], letter[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'entry' then
      redis.call('RPUSH', KEYS[2], fields[i + 1])
    end
  end
  redis.call('XDEL', KEYS[1], id)
end
return #letters
