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
  if image.gone then
    if image.name then
      call('ZREM', pending, image.digest .. image.name)
    end
    call('HDEL', image.key, image.digest)
    return
  end
  if image.dirty then
    call('HSET', image.key, image.digest,
      written_record(image.epoch, image.state, image.score, image.rows, image.cleared, image.name))
  end
  if image.copies_dirty then
    call('HSET', bucket(copies, image.digest), image.digest, image.raw_copies)
  end
  if image.pending then
    call('ZADD', pending, image.pending, image.digest .. image.name)
  elseif image.settled and image.known then
    call('ZREM', pending, image.digest .. image.name)
  end
  if image.contested then
    call('ZADD', held, 'NX', image.contested, image.id)
  end
end

local SETS = {blocked = {blocked, held}, held = {held, blocked}}
local function write_events()
  for _, one in ipairs(announced) do
    local entry = call('XADD', events, '*', 'event', one.event)
    if one.kind == 'released' then
      call('ZREM', held, one.id)
    elseif one.kind then
      local set = SETS[one.kind]
      call('ZREM', set[2], one.id)
      call('ZADD', set[1], one.at, one.id)
      count_delay(tonumber(string.match(entry, '^%d+')) - one.at)
    end
  end
end

local function write_all()
  for _, image in ipairs(touched) do
    write_image(image)
  end
  for own, digest in pairs(aliased) do
    call('HSET', bucket(aliases, own), own, digest)
  end
  for _, one in ipairs(pictures) do
    store_picture(bands, hashes, one.hash, one.digest)
  end
  write_events()
  write_shields()
  write_budgets()
  write_moved_standings()
  for name, value in pairs(counts) do
    if value > 0 then
      call('HINCRBY', stats, name, value)
    end
  end
end
