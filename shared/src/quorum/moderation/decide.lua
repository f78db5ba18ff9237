-- Writes a moderator's decision, if nothing of what it was made from has changed meanwhile. records, waiting, stories and
-- figures/days of judgement/, and lists of appeals/, come before it.
--
-- KEYS  1 blocked (zset)  2 held (zset)  3 pending (zset)  4 events (stream)  5 stats (hash)  6 audit (stream)
--       7 causes (hash)  8 stories (prefix of bucket hashes)  9 appealed (zset)  10 answered (zset)
--       11 days: figures of each day (prefix of hashes)
-- ARGV  1 now, ms  2 the decision (JSON)  3 whether a standing is written, 1 or 0; then lists, each with its length before it:
--       cells of hashes: key, field, what it must hold, what it holds from now on ('' for nothing)
--       images: id, digest, and the set in which it is from now on (`blocked`, `held` or nothing)
--       what is judged again (members of pending), events (the event, its kind, the image's digest), counters
--       appeals: id, since when one is open and when the oldest was decided, ms ('' for neither)
--       figures: a time of the day, ms, the figure, and how many more there are (quorum.judgement.figures.decided)
-- Result  1 written   0 something has changed: read again

local blocked, held, stats, causes, stories = KEYS[1], KEYS[2], KEYS[5], KEYS[7], KEYS[8]
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

local cells, images, again, events, counters = take_list(4), take_list(3), take_list(1), take_list(3), take_list(1)
local appeals = take_list(3)
local counted = take_list(3)

for i = 1, #cells, 4 do
  if (call('HGET', cells[i], cells[i + 1]) or '') ~= cells[i + 2] then
    return 0
  end
end

-- A key of a wrong type must be found before the first write.
call('HLEN', causes)
call('ZCARD', KEYS[9])
call('ZCARD', KEYS[10])
local story = {}  -- by digest
for i = 2, #images, 3 do
  story[images[i]] = told.of(stories, images[i])
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
  call('HSETNX', stats, 'standings', 1)  -- drains look for standings from now on
end

local decision = call('XADD', KEYS[6], '*', 'decision', ARGV[2])
for i = 1, #images, 3 do
  local id, digest, set = images[i], images[i + 1], images[i + 2]
  if set == 'blocked' then
    call('ZADD', blocked, 'NX', now, id)
  else
    call('ZREM', blocked, id)
  end
  if set == 'held' then
    waits.go_on(held, causes, stats, id, now, 'reopened')
  else
    waits.stop(held, causes, stats, id)
  end
  story[digest] = told.add(stories, digest, story[digest], 'decision', decision)
end
for _, member in ipairs(again) do
  call('ZADD', KEYS[3], 0, member)
end
for i = 1, #events, 3 do
  local kind, digest = events[i + 1], events[i + 2]
  story[digest] = told.add(stories, digest, story[digest], kind, call('XADD', KEYS[4], '*', 'event', events[i]))
end
for i = 1, #appeals, 3 do
  list_appeals(KEYS[9], KEYS[10], appeals[i], appeals[i + 1], appeals[i + 2])
end
for _, counter in ipairs(counters) do
  call('HINCRBY', stats, counter, 1)
end
for i = 1, #counted, 3 do
  figures.count(tonumber(counted[i]), counted[i + 1], tonumber(counted[i + 2]))
end
figures.write(KEYS[11])
return 1
