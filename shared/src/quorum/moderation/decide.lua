-- Writes a moderator's decision, if nothing of what it was made from has changed meanwhile: the tally, the standing of
-- its reporters, the lists of blocked and held images, the events and the audit trail.
--
-- KEYS  1 images (bucket hash)  2 reporters (prefix)  3 blocked (zset)  4 held (zset)  5 events (stream)  6 stats (hash)
--       7 audit (stream)
-- ARGV  1 tally digest  2 its record, '' for none  3 its new record  4 blocked from now on, 1 or 0  5 now, ms
--       6 the decision (JSON)  7 how many images, then their ids; then how many events, then the events; then how many
--       reporters, then fingerprint, standing ('' for none), new standing of each; then how many counters, then names
-- Result  1 written   0 something has changed: read again

local digest, now = ARGV[1], ARGV[5]
local place = 6

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

local ids, events, standings, counters = take_list(1), take_list(1), take_list(3), take_list(1)

if (call('HGET', KEYS[1], digest) or '') ~= ARGV[2] then
  return 0
end
for i = 1, #standings, 3 do
  if (call('HGET', bucket(KEYS[2], standings[i]), standings[i]) or '') ~= standings[i + 1] then
    return 0
  end
end

call('HSET', KEYS[1], digest, ARGV[3])
if #standings > 0 then
  call('HSET', KEYS[6], 'standings', 1)  -- drains look for standings from now on
end
for i = 1, #standings, 3 do
  call('HSET', bucket(KEYS[2], standings[i]), standings[i], standings[i + 2])
end
for _, id in ipairs(ids) do
  call('ZREM', KEYS[4], id)
  if ARGV[4] == '1' then
    call('ZADD', KEYS[3], 'NX', now, id)
  else
    call('ZREM', KEYS[3], id)
  end
end
for _, event in ipairs(events) do
  call('XADD', KEYS[5], '*', 'event', event)
end
call('XADD', KEYS[7], '*', 'decision', ARGV[6])
for _, counter in ipairs(counters) do
  call('HINCRBY', KEYS[6], counter, 1)
end
return 1
