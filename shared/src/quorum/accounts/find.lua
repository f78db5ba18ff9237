-- Finds a session and its account, and notes at most once in a while that it was used.
--
-- KEYS  1 the session (hash)   2 accounts (hash)
-- ARGV  1 life without use, ms   2 whole life, ms   3 how long a use need not be noted, ms
-- Result  id, name, opened, seen, label of the browser, the account (nothing where it is lost); nothing at all when
--         there is no such session or its time is over
-- At maxmemory the use cannot be noted, and the session is found all the same.

local call = redis.call
local fields = call('HMGET', KEYS[1], 'id', 'name', 'opened', 'seen', 'agent')
local opened, seen = tonumber(fields[3] or ''), tonumber(fields[4] or '')
if not (fields[2] and opened and seen) then
  return false
end
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now >= math.min(seen + ARGV[1], opened + ARGV[2]) then
  return false
end
local account = call('HGET', KEYS[2], fields[2])
if account and now - seen >= tonumber(ARGV[3]) and type(redis.pcall('HSET', KEYS[1], 'seen', now)) ~= 'table' then
  call('PEXPIRE', KEYS[1], math.min(tonumber(ARGV[1]), opened + ARGV[2] - now))
  seen = now
end
return {fields[1], fields[2], opened, seen, fields[5], account}
