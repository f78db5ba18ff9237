-- Writes what became of a batch.

-- Milliseconds from receiving the report that crosses to its event: a histogram (quorum.telemetry.health).
local DELAYS = {5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000}
local function count_delay(ms)
  ms = math.max(ms, 0)
  local within = 'more'
  for _, bound in ipairs(DELAYS) do
    if ms <= bound then
      within = bound
      break
    end
  end
  local name = 'event_within_' .. within
  counts[name] = (counts[name] or 0) + 1
  counts.event_delay_ms = (counts.event_delay_ms or 0) + ms
end

local function write_image(image)
  local digest = image.digest
  if image.dirty then
    call('HSET', image.key, digest,
      written_record(image.epoch, image.state, image.score, image.rows, image.cleared, image.name, image.wary))
  end
  if image.copies_dirty and #image.copies > 0 then
    call('HSET', bucket(copies, digest), digest, written_copies(image))
  elseif image.copies_dirty then
    call('HDEL', bucket(copies, digest), digest)
  end
  if image.aliased and aliased[digest] then
    call('HSET', bucket(aliases, digest), digest, aliased[digest])
    call('HSETNX', stats, 'copies', 0)  -- drains look for copies from now on
  elseif image.aliased then
    call('HDEL', bucket(aliases, digest), digest)
  end
  if image.left then
    waits.stop(held, causes, stats, image.left)
  end
  if image.contested then
    waits.go_on(held, causes, stats, image.reported, image.contested, 'contested')
  end
end

local function write_waiting_room()
  for member, at in pairs(waiting_room) do
    if not at then
      call('ZREM', pending, member)
    elseif at == NEW then
      call('ZADD', pending, 'NX', 0, member)
    else
      call('ZADD', pending, at, member)
    end
  end
end

local function write_events()
  for _, one in ipairs(announced) do
    local entry, image, kind = call('XADD', events, '*', 'event', one.event), one.image, one.kind
    if kind == 'blocked' then
      call('ZADD', blocked, one.at, one.id)
    elseif kind then
      call('ZREM', blocked, one.id)
    end
    if kind == 'held' then
      waits.begin(held, causes, stats, one.id, one.at, one.cause)
    elseif kind then
      waits.stop(held, causes, stats, one.id)
    end
    local ms
    if kind then
      image.story, ms = told.add(stories, image.digest, image.story, kind, entry)
    end
    if kind == 'blocked' or kind == 'held' then
      count_delay(ms - one.at)
      figures.count(one.at, (kind == 'blocked' and 'blocks:' or 'holds:') .. one.reason)
    end
    if kind == 'blocked' and one.first then
      figures.count(one.at, figures.duration('to_block', one.at - one.first))
    end
  end
end

local function write_all()
  for _, image in ipairs(touched) do
    write_image(image)
  end
  for _, one in ipairs(pictures) do
    store_picture(bands, hashes, one.hash, one.digest)
  end
  write_waiting_room()
  write_events()
  write_shields()
  write_budgets()
  write_moved_standings()
  figures.write(days)
  for name, value in pairs(counts) do
    if value > 0 then
      call('HINCRBY', stats, name, value)
    end
  end
end
