-- Writes an account, and closes its sessions with it, if everything that this was decided from is still so.
--
-- KEYS  1 accounts (hash)   2 sessions of the account (hash)   3 prefix of the sessions
-- ARGV  1 name   2 the account as it is to be   3 1: close its sessions   4 id of the one that stays open, '' for none
--       5 how many accounts there must be, -1 for any number   then what must be there: names, each with its account as
--       it was read, '' where there must be none
-- Result  1, or 0 when something has changed meanwhile and nothing was written

local call = redis.call
if tonumber(ARGV[5]) >= 0 and call('HLEN', KEYS[1]) ~= tonumber(ARGV[5]) then
  return 0
end
for place = 6, #ARGV, 2 do
  if (call('HGET', KEYS[1], ARGV[place]) or '') ~= ARGV[place + 1] then
    return 0
  end
end
call('HSET', KEYS[1], ARGV[1], ARGV[2])
if ARGV[3] == '1' then
  close_sessions(KEYS[2], KEYS[3], ARGV[4])
end
return 1
