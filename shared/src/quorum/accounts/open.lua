-- Opens a session, if the account is still as it was read; the oldest ones are closed when there are too many.
--
-- KEYS  1 the session (hash)   2 sessions of the account (hash)   3 accounts (hash)   4 prefix of the sessions
-- ARGV  1 name   2 the account as it was read   3 digest of the token   4 id   5 label of the browser
--       6 life without use, ms   7 whole life, ms   8 how many an account may have
-- Result  the time of the server, Unix ms; nothing when the account has changed meanwhile

local call = redis.call
if call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] then
  return false
end
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local entries, open = call('HGETALL', KEYS[2]), {}
for place = 1, #entries, 2 do
  local id, digest = entries[place], entries[place + 1]
  local opened = call('HGET', KEYS[4] .. digest, 'opened')
  if opened then
    open[#open + 1] = {opened = tonumber(opened), id = id, digest = digest}
  else
    call('HDEL', KEYS[2], id)
  end
end
table.sort(open, function(one, other) return one.opened < other.opened end)
while #open >= tonumber(ARGV[8]) do
  local oldest = table.remove(open, 1)
  call('DEL', KEYS[4] .. oldest.digest)
  call('HDEL', KEYS[2], oldest.id)
end
call('HSET', KEYS[1], 'id', ARGV[4], 'name', ARGV[1], 'opened', now, 'seen', now, 'agent', ARGV[5])
call('PEXPIRE', KEYS[1], ARGV[6])
call('HSET', KEYS[2], ARGV[4], ARGV[3])
call('PEXPIRE', KEYS[2], ARGV[7])
return now
