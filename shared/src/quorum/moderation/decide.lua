-- Writes a moderator's decision, if nothing of what it was made from has changed meanwhile.
--
-- KEYS  1 blocked (zset)  2 held (zset)  3 pending (zset)  4 events (stream)  5 stats (hash)  6 audit (stream)
-- ARGV  1 now, ms  2 the decision (JSON)  3 whether a standing is written, 1 or 0; then lists, each with its length before it:
--       cells of hashes: key, field, what it must hold, what it holds from now on ('' for nothing)
--       images: id, and the set in which it is from now on (`blocked`, `held` or nothing)
--       what is judged again (members of pending), events, counters
-- Result  1 written   0 something has changed: read again

local call = redis.call
local now, place = ARGV[1], 3

local function take()
  place = place + 1
  return ARGV[place]
end

local function take_list(size)
  local list = {}
  for i = 1, tonumber(take()) * size do
    list[i] = take()
  end
  return list
end

local cells, images, again, events, counters = take_list(4), take_list(2), take_list(1), take_list(1), take_list(1)

for i = 1, #cells, 4 do
  if (call('HGET', cells[i], cells[i + 1]) or '') ~= cells[i + 2] then
    return 0
  end
end

for i = 1, #cells, 4 do
  local key, field, old, new = cells[i], cells[i + 1], cells[i + 2], cells[i + 3]
  if new == '' and old ~= '' then
    call('HDEL', key, field)
  elseif new ~= old then
    call('HSET', key, field, new)
  end
end
if ARGV[3] == '1' then
  call('HSETNX', KEYS[5], 'standings', 1)  -- drains look for standings from now on
end
for i = 1, #images, 2 do
  local id, set = images[i], images[i + 1]
  if set ~= 'blocked' then
    call('ZREM', KEYS[1], id)
  end
  if set ~= 'held' then
    call('ZREM', KEYS[2], id)
  end
  if set ~= '' then
    call('ZADD', set == 'blocked' and KEYS[1] or KEYS[2], 'NX', now, id)
  end
end
for _, member in ipairs(again) do
  call('ZADD', KEYS[3], 0, member)
end
for _, event in ipairs(events) do
  call('XADD', KEYS[4], '*', 'event', event)
end
call('XADD', KEYS[6], '*', 'decision', ARGV[2])
for _, counter in ipairs(counters) do
  call('HINCRBY', KEYS[5], counter, 1)
end
return 1
