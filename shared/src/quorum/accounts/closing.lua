-- Closes the sessions of an account.

-- index   sessions of the account (hash: id -> digest of its token)
-- prefix  of the sessions (hashes, by that digest)
-- keep    id of one that stays open, '' for none
-- Returns how many were open.
local function close_sessions(index, prefix, keep)
  local entries, closed = redis.call('HGETALL', index), 0
  for place = 1, #entries, 2 do
    local id, digest = entries[place], entries[place + 1]
    if id ~= keep then
      closed = closed + redis.call('DEL', prefix .. digest)
      redis.call('HDEL', index, id)
    end
  end
  return closed
end
