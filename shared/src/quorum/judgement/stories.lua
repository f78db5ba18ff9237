-- What happened to each image, as places in the streams of events and of decisions: of each of the last fifty a mark (1
-- byte) and the id in its stream (ms: 6, number: 3). Read by moderation/stories.py. That stays packed (docs/capacity.md).
-- One table, since a script may have 200 local names.

local told = {
  FORMAT = '>BI6I3', BYTES = 10, MOST = 50,
  MARKS = {blocked = 1, unblocked = 2, held = 3, released = 4, deleted = 5, decision = 6},
}

function told.of(stories, digest)
  return call('HGET', bucket(stories, digest), digest) or ''
end

-- Adds to a story, and returns it as it is then.
function told.add(stories, digest, story, kind, entry)
  local ms, number = string.match(entry, '^(%d+)-(%d+)$')
  local last = pack(told.FORMAT, told.MARKS[kind], tonumber(ms), tonumber(number))
  local longer = sub(story .. last, -told.MOST * told.BYTES)
  call('HSET', bucket(stories, digest), digest, longer)
  return longer
end
