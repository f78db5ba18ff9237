-- Images with the same picture share one tally. Twin: copies.py.

local COPY = '>c16Hc0'
local copies_exist = call('HEXISTS', stats, 'copies') == 1
local aliased = {}  -- image digest -> digest of the tally that it shares from now on

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

-- The rows of two tallies as one: oldest first, a reporter of both from their first report on.
local function merged(rows, others)
  local list, place = {}, {}
  for _, source in ipairs({rows, others}) do
    for start = 1, #source, ROW_BYTES do
      local fingerprint, at, code, class, age, address, near, wide = unpack(ROW, source, start)
      local row = {fingerprint, at, code, class, age, address, near, wide, order = #list}
      local known = place[fingerprint]
      if not known then
        place[fingerprint] = row
        insert(list, row)
      else
        local oldest = math.max(known[5], age)
        if at < known[2] then
          for field = 2, 8 do
            known[field] = row[field]
          end
        end
        known[5] = oldest
      end
    end
  end
  table.sort(list, function(a, b)
    return a[2] < b[2] or (a[2] == b[2] and a.order < b.order)
  end)
  local parts = {}
  for i = 1, math.min(#list, policy.max_stored) do
    parts[i] = pack(ROW, table_unpack(list[i], 1, 8))
  end
  return table.concat(parts)
end

-- Lets an image share the tally of its picture from now on, with what it has been reported for so far. One about which
-- something was decided stays by itself, and none joins a cleared picture.
local function join(own, shared, id, at)
  local alone, image = load(own), load(shared)
  local all = load_copies(image)
  if alone.state ~= OPEN or alone.epoch > 1 or image.state == CLEARED or #all >= policy.max_copies then
    return alone
  end
  insert(all, {own, id})
  image.raw_copies = image.raw_copies .. pack(COPY, own, #id, id)
  image.copies_dirty, aliased[own], alone.gone = true, shared, true
  counts.copies = counts.copies + 1
  if alone.rows ~= '' then
    image.rows = merged(image.rows, alone.rows)
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
