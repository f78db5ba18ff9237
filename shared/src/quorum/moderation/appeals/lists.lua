-- Which images have an open appeal, and which have decided ones that are kept: `since` and `ended` are times in ms, '' for
-- neither.
local function list_appeals(appealed, answered, id, since, ended)
  if since == '' then
    call('ZREM', appealed, id)
  else
    call('ZADD', appealed, since, id)
  end
  if ended == '' then
    call('ZREM', answered, id)
  else
    call('ZADD', answered, ended, id)
  end
end
