-- What happened to each image, as places in the streams of events and of decisions: of each of the last fifty a mark (1
-- byte) and the id in its stream (ms: 6, number: 3). Read by moderation/stories.py. That stays packed (docs/capacity.md).
-- One table, since a script may have 200 local names.

local told = {
  FORMAT = '>BI6I3', BYTES = 10, MOST = 50,
  MARKS = {blocked = 1, unblocked = 2, held = 3, released = 4, deleted = 5, decision = 6},
}

-- A story as it is now; false where it can be neither read nor written, since the key is something else: no block waits
-- for that.
function told.of(stories, digest)
  local story = redis.pcall('HGET', bucket(stories, digest), digest) or ''
  return type(story) == 'string' and story
end

-- Adds to a story, and returns it as it is then.
function told.add(stories, digest, story, kind, entry)
  if not story then
    return story
  end
  local ms, number = string.match(entry, '^(%d+)-(%d+)$')
  local last = pack(told.FORMAT, told.MARKS[kind], tonumber(ms), tonumber(number))
  local longer = sub(story .. last, -told.MOST * told.BYTES)
  call('HSET', bucket(stories, digest), digest, longer)
  return longer
end
