-- Judges images again by what is known now, those first that were not judged for the longest time: a person was muted, a
-- policy changed, shields came down. Those that cannot cross any more leave the list.
--
-- ARGV  2 how many at most   3 now, ms
-- Result  {judged, blocked, held, released}
-- Cost  O(reporters of the images); some 10 us each

local now = tonumber(ARGV[3])
local members = call('ZRANGE', pending, 0, tonumber(ARGV[2]) - 1)
for _, member in ipairs(members) do
  local image = load(sub(member, 1, 16))
  local holder = with_rows(image)
  if holder.known and (image.state == OPEN or image.state == HELD) then
    expire(holder, now)
    decide(image, holder, sub(member, 17), now)
  end
end

for _, member in ipairs(members) do
  call('ZREM', pending, member)
end
write_all()
if call('HEXISTS', stats, 'days_since') == 0 then
  redis.pcall('HSET', stats, 'days_since', ARGV[3])  -- figures of days are counted from now on
end
return {#members, counts.blocked, counts.held, counts.released}
