-- Takes the oldest reports out of the inbox, counts each distinct reporter once, and where an image crosses its bar
-- blocks or holds it and appends the event: all of it or nothing. `quorum.model` is its twin in Python.
--
-- KEYS  1 inbox (list)  2 bell (string)  3 images  4 reporters  5 copies  6 aliases  7 views (prefixes of bucket hashes)
--       8 blocked (zset)  9 held (zset)  10 events (stream)  11 dead (stream)  12 stats (hash)  13 shields (hash)
--       14 journal (list of entries)  15 bands of PDQ hashes  16 hashes by tally (prefixes; see pictures.lua)
-- ARGV  1 how many reports at most   2 the policy's numbers (JSON, quorum.policy.model)   3 reports kept in the journal
-- Result  {taken, left in the inbox, counted, blocked, held, dead}
-- Cost  O(reports taken); about 6 us each, and under 1 us for each PDQ hash that a new picture is compared with; when
--       many were, the rest of the batch is left for the next call. Reading and computing come first, writing last: an error before the first
--       write leaves everything as it was, and nothing after it can fail. The first write removes the batch from the
--       inbox: removing needs no memory, and once a script has written, Redis lets it finish at maxmemory.

local inbox, bell, images, reporters, copies, aliases, views = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local blocked, held, events, dead, stats, shields, journal = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local bands, hashes = KEYS[15], KEYS[16]
local limit, journal_limit = tonumber(ARGV[1]), tonumber(ARGV[3])

local ENTRY, STANDING, COPY = '>I6c16c12BBHBc0Hc0', '>HHBI4I4I4', '>c16Hc0'
local FRESH, PREVIOUS, SHARED, TRACED, PICTURE = 1, 2, 4, 8, 16
local ANONYMOUS, TRUSTED = 0, 2
local CHUNK = 1000
local COMPARISONS = 10000  -- of PDQ hashes in one call: some milliseconds of Redis
local HOUR_MS, DAY_MS, MINUTE_MS, MILLION = 3600000, 86400000, 60000, 1000000

local entries = call('LRANGE', inbox, 0, limit - 1)
if #entries == 0 then
  call('DEL', bell)
  return {0, 0, 0, 0, 0, 0}
end

local policy = cjson.decode(ARGV[2])
local max_bytes = policy.max_stored * ROW_BYTES
local lowest_threshold = policy.threshold  -- below it nothing can cross
for _, bars in ipairs({policy.reason_bars, policy.images}) do
  for _, bar in pairs(bars) do
    lowest_threshold = math.min(lowest_threshold, bar.threshold)
  end
end

-- A key of a wrong type must be found before the first write.
call('ZCARD', blocked)
call('ZCARD', held)
call('XLEN', events)
call('XLEN', dead)
call('HLEN', stats)
call('LLEN', journal)

local shield = {hour = 0, hour_blocks = 0, day = 0, day_blocks = 0, day_images = 0, up_until = 0}
local SHIELD = {'hour', 'hour_blocks', 'day', 'day_blocks', 'day_images', 'up_until'}
for i, value in ipairs(call('HMGET', shields, 'hour', 'hour_blocks', 'day', 'day_blocks', 'day_images', 'up_until')) do
  shield[SHIELD[i]] = tonumber(value or 0)
end
local shield_dirty = false

local function hex(bytes)
  return (string.gsub(bytes, '.', function(c) return string.format('%02x', byte(c)) end))
end

-- RFC 3339 from Unix milliseconds; days to civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
local function timestamp(ms)
  local seconds = floor(ms / 1000)
  local days, rest = floor(seconds / 86400), seconds % 86400
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local day = doy - floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    floor(rest / 3600), floor(rest / 60) % 60, rest % 60, ms % 1000)
end

local counts = {counted = 0, blocked = 0, held = 0, known = 0, muted = 0, immune = 0, crowded = 0, full = 0, shields = 0, copies = 0}
-- Milliseconds from receiving the report that crosses to its event: a histogram (quorum.redis_store.health).
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
local copies_exist = call('HEXISTS', stats, 'copies') == 1
local loaded, touched, announced, aliased, poison, kept = {}, {}, {}, {}, {}, {}

local function load(digest)
  local image = loaded[digest]
  if image then
    return image
  end
  local key = bucket(images, digest)
  local raw = call('HGET', key, digest)
  image = {key = key, digest = digest, epoch = 1, state = OPEN, score = 0, rows = ''}
  if raw then
    image.epoch, image.state, image.score = unpack(HEAD, raw)
    image.rows = sub(raw, HEAD_BYTES + 1)
  end
  loaded[digest] = image
  touched[#touched + 1] = image
  return image
end

-- Where the reporter's row starts, or nil. A match across two rows is not a row.
local function find_row(rows, fingerprint)
  local start = find(rows, fingerprint, 1, true)
  while start and (start - 1) % ROW_BYTES ~= 0 do
    start = find(rows, fingerprint, start + 1, true)
  end
  return start
end

-- What decided reports say of a reporter: the factor of their weight, and until when they are muted. See
-- quorum.policy.accuracy for the formula and its source.
local standings = {}
local standings_exist = call('HEXISTS', stats, 'standings') == 1
local function standing_of(fingerprint)
  local standing = standings[fingerprint]
  if standing == nil then
    local raw = call('HGET', bucket(reporters, fingerprint), fingerprint)
    standing = false
    if raw then
      local upheld, unfounded, _, _, muted_until = unpack(STANDING, raw)
      local decided, factor = upheld + unfounded + 2 * policy.prior, 1000
      if decided > 0 then
        factor = floor(2000 * (upheld + policy.prior) / decided)
      end
      factor = math.max(policy.least, math.min(policy.most, factor))
      standing = {factor = factor, muted_until = muted_until * MINUTE_MS}
    end
    standings[fingerprint] = standing
  end
  return standing
end

local trace  -- of the report that is being applied
local function announce(image, digest, id, at, kind, cause)
  local reasons, first, last = {}, nil, nil
  for start = 1, #image.rows, ROW_BYTES do
    local _, since, _, code = unpack(ROW, image.rows, start)
    local reason = policy.names[tostring(code)] or 'other'
    reasons[reason] = (reasons[reason] or 0) + 1
    first, last = math.min(first or since, since), math.max(last or since, since)
  end
  announced[#announced + 1] = {kind = kind, id = id, at = at, event = cjson.encode({
    specversion = '1.0',
    id = hex(digest) .. '-' .. image.epoch .. '-' .. kind,
    source = '/quorum',
    type = 'quorum.image.' .. kind .. '.v1',
    subject = id,
    time = timestamp(at),
    datacontenttype = 'application/json',
    traceparent = trace,
    data = {
      image_id = id,
      epoch = image.epoch,
      score = image.score / 1000,
      reporters = #image.rows / ROW_BYTES,
      reasons = reasons,
      first_reported_at = first and timestamp(first) or cjson.null,
      last_reported_at = last and timestamp(last) or cjson.null,
      decided_by = {kind = 'policy', version = policy.version},
      cause = cause,
    },
  })}
  counts[kind] = counts[kind] + 1
end

-- The images that share a tally, as {digest, id} pairs.
local function load_copies(image)
  if not image.copies then
    image.copies = {}
    local raw = call('HGET', bucket(copies, image.digest), image.digest) or ''
    local start = 1
    while start <= #raw do
      local digest, id
      digest, id, start = unpack(COPY, raw, start)
      image.copies[#image.copies + 1] = {digest, id}
    end
    image.raw_copies = raw
  end
  return image.copies
end

local function insert(list, row)
  list[#list + 1] = row
end

-- The rows of two tallies as one: oldest first, a reporter of both from their first report on, with what weighs more.
local function merged(rows, others)
  local list, place = {}, {}
  for number, source in ipairs({rows, others}) do
    for start = 1, #source, ROW_BYTES do
      local fingerprint, at, weight = unpack(ROW, source, start)
      local row = {fingerprint = fingerprint, at = at, weight = weight, rest = sub(source, start + 18, start + 24)}
      local known = place[fingerprint]
      if not known then
        place[fingerprint], row.order = row, #list
        insert(list, row)
      else
        known.at = math.min(known.at, at)
        if weight > known.weight then
          known.weight, known.rest = weight, row.rest
        end
      end
    end
  end
  table.sort(list, function(a, b)
    return a.at < b.at or (a.at == b.at and a.order < b.order)
  end)
  local parts, score = {}, 0
  for i = 1, math.min(#list, policy.max_stored) do
    local row = list[i]
    parts[i], score = row.fingerprint .. pack('>I6', row.at) .. row.rest, score + row.weight
  end
  return table.concat(parts), score
end

-- Lets an image share the tally of its picture from now on, with what it has been reported for so far. One about which
-- something was decided stays by itself.
local function join(own, shared, id, at)
  local alone, image = load(own), load(shared)
  local all = load_copies(image)
  if alone.state ~= OPEN or alone.epoch > 1 or #all >= policy.max_copies then
    return alone
  end
  insert(all, {own, id})
  image.raw_copies = image.raw_copies .. pack(COPY, own, #id, id)
  image.copies_dirty, aliased[own], alone.gone = true, shared, true
  counts.copies = counts.copies + 1
  if alone.rows ~= '' and image.state ~= CLEARED then
    image.rows, image.score = merged(image.rows, alone.rows)
    image.dirty = true
  end
  if image.state == BLOCKED or image.state == UPHELD then
    announce(image, own, id, at, 'blocked')
  elseif image.state == HELD then
    announce(image, own, id, at, 'held', 'copy')
  end
  return image
end

-- Lets an image share the tally of the nearest known PDQ hash, or be the first of its own.
local pictures, waiting, compared = {}, '', 0
local function join_nearest(own, shared, pdq, id, at)
  local near, looked = nearest_picture(bands, pdq, waiting)
  compared = compared + looked
  local image = join(own, near or shared, id, at)
  if not near and image.digest == shared then
    pictures[#pictures + 1], waiting = {hash = pdq, digest = shared}, waiting .. pdq .. shared
  end
  return image
end

-- The tally of a report: that of its picture where the image has joined one, else the image's own.
local function tally_of(own, shared, pdq, id, at)
  local known = aliased[own] or (copies_exist and call('HGET', bucket(aliases, own), own))
  if known then
    local image = load(known)
    load_copies(image)
    return image
  end
  if pdq then
    return join_nearest(own, shared, pdq, id, at)
  end
  return shared and join(own, shared, id, at) or load(own)
end

local function roll(at)
  local hour, day = floor(at / HOUR_MS), floor(at / DAY_MS)
  if hour > shield.hour then
    shield.hour, shield.hour_blocks, shield_dirty = hour, 0, true
  end
  if day > shield.day then
    shield.day, shield.day_blocks, shield.day_images, shield_dirty = day, 0, 0, true
  end
end

local function crowded(rows, class, network)
  if class ~= ANONYMOUS or network == 0 then
    return false
  end
  local same = 0
  for start = 1, #rows, ROW_BYTES do
    local _, _, _, _, _, other = unpack(ROW, rows, start)
    if other == network then
      same = same + 1
    end
  end
  return same >= policy.per_network
end

local function count(image, at, fingerprint, previous, class, flags, network, reason)
  local code = policy.codes[reason] or 0
  local weight = policy.weights[class + 1][reason] or policy.class_weights[class + 1]
  local standing = standings_exist and (standing_of(fingerprint) or (previous and standing_of(previous)))
  if standing then
    weight = standing.muted_until > at and 0 or floor(weight * standing.factor / 1000)
  end
  local rows = image.rows
  local start = find_row(rows, fingerprint)
  if previous and not start then
    start = find_row(rows, previous)
    if start then
      rows = sub(rows, 1, start - 1) .. fingerprint .. sub(rows, start + #fingerprint)
      image.rows, image.dirty = rows, true
    end
  end
  if start then
    counts.known = counts.known + 1
    local _, since, known, _, marks, tag = unpack(ROW, rows, start)
    if weight > known then
      image.rows = sub(rows, 1, start - 1) .. pack(ROW, fingerprint, since, weight, code, marks - marks % 4 + class, tag)
        .. sub(rows, start + ROW_BYTES)
      image.score, image.dirty = image.score + weight - known, true
    end
  elseif weight <= 0 then
    counts.muted = counts.muted + 1
  elseif #rows >= max_bytes then
    counts.full = counts.full + 1
  elseif crowded(rows, class, network) then
    counts.crowded = counts.crowded + 1
  else
    if at >= (shield.hour + 1) * HOUR_MS then
      roll(at)
    end
    local new_today = #rows == 0
    if not new_today then
      local _, since = unpack(ROW, rows, #rows - ROW_BYTES + 1)
      new_today = floor(since / DAY_MS) < floor(at / DAY_MS)
    end
    if new_today then
      shield.day_images, shield_dirty = shield.day_images + 1, true
    end
    image.rows = rows .. pack(ROW, fingerprint, at, weight, code, class + (flags % 2 == FRESH and 4 or 0), network)
    image.score, image.dirty = image.score + weight, true
    counts.counted = counts.counted + 1
    local name = 'counted_class_' .. class
    counts[name] = (counts[name] or 0) + 1
  end
end

local function rule_for(id)
  for _, rule in ipairs(policy.images) do
    if id == rule.text or (not rule.exact and sub(id, 1, #rule.text) == rule.text) then
      return rule
    end
  end
end

local function reached(bar, image, people, score, alone)
  local threshold = bar.threshold
  if image.epoch > 1 then
    threshold = floor(threshold * policy.clear_factor / 1000)
  end
  return (people >= bar.min_reporters or (alone and people > 0)) and score >= threshold
end

local function crosses(image, id, class, reason)
  local people = #image.rows / ROW_BYTES
  local alone = policy.trusted_alone and class == TRUSTED
  if not reached(rule_for(id) or policy, image, people, image.score, alone) then
    local own = policy.reason_bars[reason]
    if not own then
      return false
    end
    local same, score, code = 0, 0, policy.codes[reason]
    for start = 1, #image.rows, ROW_BYTES do
      local _, _, weight, other = unpack(ROW, image.rows, start)
      if other == code then
        same, score = same + 1, score + weight
      end
    end
    if not reached(own, image, same, score, alone) then
      return false
    end
  end
  if policy.view_ratio > 0 then
    local raw = call('HGET', bucket(views, image.digest), image.digest)
    local seen = raw and unpack('>I6', raw) or 0
    return people * MILLION >= policy.view_ratio * seen
  end
  return true
end

-- Whether fresh accounts and anonymous neighbours bring most of the score, all within minutes.
local function looks_like_a_brigade(image, now)
  local networks, suspicious = {}, 0
  for start = 1, #image.rows, ROW_BYTES do
    local _, _, _, _, _, network = unpack(ROW, image.rows, start)
    networks[network] = (networks[network] or 0) + 1
  end
  for start = 1, #image.rows, ROW_BYTES do
    local _, at, weight, _, marks, network = unpack(ROW, image.rows, start)
    if (marks >= 4 or (network > 0 and networks[network] > 1)) and at > now - policy.burst_ms then
      suspicious = suspicious + weight
    end
  end
  return suspicious * 1000 > image.score * policy.burst_share
end

local function shields_are_up(now)
  if policy.hour_cap == 0 then
    return now < shield.up_until
  end
  roll(now)
  if now < shield.up_until then
    return true
  end
  local cause
  if shield.hour_blocks >= policy.hour_cap then
    cause = 'blocks_per_hour'
  elseif shield.day_blocks >= math.max(policy.free_blocks, floor(shield.day_images * policy.image_share / MILLION)) then
    cause = 'share_of_images'
  else
    return false
  end
  shield.up_until, shield_dirty = now + policy.shields_ms, true
  counts.shields = counts.shields + 1
  announced[#announced + 1] = {event = cjson.encode({
    specversion = '1.0',
    id = string.format('shields-%.0f-raised', now),
    source = '/quorum',
    type = 'quorum.shields.raised.v1',
    subject = 'shields',
    time = timestamp(now),
    datacontenttype = 'application/json',
    data = {
      ['until'] = timestamp(shield.up_until),
      cause = cause,
      decided_by = {kind = 'policy', version = policy.version},
    },
  })}
  return true
end

local function hold_cause(image, subjects, now)
  for _, subject in ipairs(subjects) do
    local rule = rule_for(subject[2])
    if rule and rule.protected then
      return 'protected'
    end
  end
  if policy.burst and looks_like_a_brigade(image, now) then
    return 'burst'
  end
  if shields_are_up(now) then
    return 'shields'
  end
  shield.hour_blocks, shield.day_blocks, shield_dirty = shield.hour_blocks + 1, shield.day_blocks + 1, true
end

local function apply(entry)
  local at, digest, fingerprint, class, flags, network, reason, id, rest = unpack(ENTRY, entry)
  local previous, own, shared = nil, digest, nil
  if floor(flags / PREVIOUS) % 2 == 1 then
    previous, rest = unpack('>c12', entry, rest)
  end
  if floor(flags / SHARED) % 2 == 1 then
    shared = digest
    own, rest = unpack('>c16', entry, rest)
  end
  trace = nil
  if floor(flags / TRACED) % 2 == 1 then
    trace = string.format('00-%s-%s-%s', hex(sub(entry, rest, rest + 15)), hex(sub(entry, rest + 16, rest + 23)),
      hex(sub(entry, rest + 24, rest + 24)))
    rest = rest + 25
  end
  local pdq
  if shared and floor(flags / PICTURE) % 2 == 1 then
    pdq = unpack('>c32', entry, rest)
  end
  if not policy.weights[class + 1] then
    error('there is no reporter class ' .. class, 0)
  end
  local image = tally_of(own, shared, pdq, id, at)
  if image.state == CLEARED then
    if at < unpack('>I6', image.rows) + policy.immune_ms then
      counts.immune = counts.immune + 1
      return
    end
    image.state, image.rows, image.dirty = OPEN, '', true
  end
  local start, gone = first_inside(image.rows, at - policy.window_ms)
  if start > 1 then
    image.rows, image.score, image.dirty = sub(image.rows, start), image.score - gone, true
  end
  count(image, at, fingerprint, previous, class, flags, network, reason)
  if image.state == OPEN and image.score >= lowest_threshold and crosses(image, id, class, reason) then
    local subjects = image.copies or {}
    if #subjects == 0 then
      subjects = {{image.digest, id}}
    end
    local cause = hold_cause(image, subjects, at)
    image.state, image.dirty = cause and HELD or BLOCKED, true
    for _, subject in ipairs(subjects) do
      announce(image, subject[1], subject[2], at, cause and 'held' or 'blocked', cause)
    end
  end
end

local taken = 0
for i = 1, #entries do
  if compared > COMPARISONS then
    break
  end
  taken = i
  local ok, problem = pcall(apply, entries[i])
  if ok then
    kept[#kept + 1] = entries[i]
  else
    poison[#poison + 1] = {entry = entries[i], reason = type(problem) == 'table' and problem.err or tostring(problem)}
  end
end

-- From here on there are only writes.
call('LTRIM', inbox, taken, -1)
for _, image in ipairs(touched) do
  if image.gone then
    call('HDEL', image.key, image.digest)
  elseif image.dirty then
    call('HSET', image.key, image.digest, pack(HEAD, image.epoch, image.state, image.score) .. image.rows)
  end
  if image.copies_dirty then
    call('HSET', bucket(copies, image.digest), image.digest, image.raw_copies)
  end
end
for own, digest in pairs(aliased) do
  call('HSET', bucket(aliases, own), own, digest)
end
for _, one in ipairs(pictures) do
  store_picture(bands, hashes, one.hash, one.digest)
end
for _, one in ipairs(announced) do
  local entry = call('XADD', events, '*', 'event', one.event)
  if one.kind then
    call('ZADD', one.kind == 'held' and held or blocked, one.at, one.id)
    count_delay(tonumber(string.match(entry, '^%d+')) - one.at)
  end
end
for _, bad in ipairs(poison) do
  call('XADD', dead, '*', 'reason', sub(bad.reason, 1, 200), 'entry', bad.entry)
end
if shield_dirty then
  call('HSET', shields, 'hour', shield.hour, 'hour_blocks', shield.hour_blocks, 'day', shield.day,
    'day_blocks', shield.day_blocks, 'day_images', shield.day_images, 'up_until', shield.up_until)
end
if journal_limit > 0 and #kept > 0 then
  for first = 1, #kept, CHUNK do
    call('RPUSH', journal, table_unpack(kept, first, math.min(first + CHUNK - 1, #kept)))
  end
  call('LTRIM', journal, -journal_limit, -1)
end
counts.batches, counts.taken, counts.dead = 1, taken, #poison
for name, value in pairs(counts) do
  if value > 0 then
    call('HINCRBY', stats, name, value)
  end
end

return {taken, call('LLEN', inbox), counts.counted, counts.blocked, counts.held, #poison}
