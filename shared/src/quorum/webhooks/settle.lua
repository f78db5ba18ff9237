-- Writes what became of an attempt: done with the event, or try it again later; and its line in the log. An attempt that
-- outlived its lease, so that another has settled the event, changes nothing. Works at maxmemory: its first write frees
-- memory.
--
-- KEYS  1 queues (hash)  2 due (zset)  3 failing (hash: subscription -> since when, ms)  4 log (stream)  5 dead (stream)
-- ARGV  1 subscription  2 subject  3 the entry as it was claimed  4 now, ms  5 when to try again, ms; '' when done with it
--       6 whether the endpoint answered well: 1, 0, or '' when it was not asked  7 lease, ms
--       8 a dead event's body, '' for none  9 a dead event's detail  10 lines kept in the log  11 dead events kept
--       12.. fields of the line in the log, none for no line
-- Result  1 settled, 0 too late

local waiting = redis.call('HGET', KEYS[1], ARGV[2])
local head = waiting and string.match(waiting, '^[^,]+')
if head ~= ARGV[3] then
  return 0
end
-- These raise when a key is of a wrong type: before anything is written.
redis.call('HLEN', KEYS[3])
redis.call('XLEN', KEYS[4])
redis.call('XLEN', KEYS[5])

redis.call('ZREM', KEYS[2], ARGV[2])
local rest = string.sub(waiting, #head + 2)
if ARGV[5] ~= '' then
  local place, attempts = string.match(head, '^(.*):(%d+)$')
  local again = place .. ':' .. string.format('%d', attempts + 1)
  redis.call('HSET', KEYS[1], ARGV[2], rest == '' and again or (again .. ',' .. rest))
  redis.call('ZADD', KEYS[2], ARGV[5], ARGV[2])
elseif rest == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], rest)
  redis.call('ZADD', KEYS[2], ARGV[4], ARGV[2])
end
if ARGV[6] == '0' then
  redis.call('HSETNX', KEYS[3], ARGV[1], ARGV[4])
elseif ARGV[6] == '1' and redis.call('HDEL', KEYS[3], ARGV[1]) == 1 then
  -- It works again: what waits for its next attempt need not wait any longer. What is due within a lease may be under way.
  for _, subject in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. (ARGV[4] + ARGV[7]), '+inf')) do
    redis.call('ZADD', KEYS[2], 'XX', ARGV[4], subject)
  end
end
if ARGV[8] ~= '' then
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[11], '*', 'event', ARGV[8], 'detail', ARGV[9])
end
if #ARGV >= 12 then
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[10], '*', unpack(ARGV, 12))
end
return 1
