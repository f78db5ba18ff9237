-- What happened to each image, as places in the streams of events and of decisions: of each of the last fifty a mark (1
-- byte) and the id in its stream (ms: 6, number: 3). Read by moderation/stories.py. That stays packed (docs/capacity.md).
-- One table, since a script may have 200 local names.

local told = {
  FORMAT = '>BI6I3', BYTES = 10, MOST = 50,
  MARKS = {blocked = 1, unblocked = 2, held = 3, released = 4, deleted = 5, decision = 6, appeal = 7},
}

-- A story as it is now; false where it can be neither read nor written, since the key is something else: no block waits
-- for that.
function told.of(stories, digest)
  local story = redis.pcall('HGET', bucket(stories, digest), digest) or ''
  return type(story) == 'string' and story
end

-- Adds an entry of a stream to a story, and returns the story as it is then, and the time of the entry.
function told.add(stories, digest, story, kind, entry)
  local dash = find(entry, '-', 1, true)
  local ms = tonumber(sub(entry, 1, dash - 1))
  if story then
    story = sub(story .. pack(told.FORMAT, told.MARKS[kind], ms, tonumber(sub(entry, dash + 1))), -told.MOST * told.BYTES)
    call('HSET', bucket(stories, digest), digest, story)
  end
  return story, ms
end
