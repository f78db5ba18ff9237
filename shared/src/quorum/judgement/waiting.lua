-- Which images wait for a moderator, and why: the set of what waits, its causes beside it, and in the statistics how many
-- wait for each cause. Twin: waiting.py. One table, since a script may have 200 local names.

local waits = {}

function waits.stop(held, causes, stats, id)
  local cause = call('ZREM', held, id) == 1 and call('HGET', causes, id)
  if cause then
    call('HDEL', causes, id)
    call('HINCRBY', stats, 'waiting_' .. cause, -1)
  end
end

function waits.begin(held, causes, stats, id, at, cause)
  waits.stop(held, causes, stats, id)
  call('ZADD', held, at, id)
  call('HSET', causes, id, cause)
  call('HINCRBY', stats, 'waiting_' .. cause, 1)
end

-- The same of what may wait already, and then goes on to, since when it did, and for what.
function waits.go_on(held, causes, stats, id, at, cause)
  if not call('ZSCORE', held, id) then
    waits.begin(held, causes, stats, id, at, cause)
  end
end
