-- Images that show the same picture share their rows, and each is judged by its own rules. Twin: copies.py.
--
-- An alias is the digest of the picture that has the rows of an image; with PARTED before it the image stays beside it.

local COPY, PARTED = '>c16Hc0', 'p'
local copies_exist = call('HEXISTS', stats, 'copies') == 1
local aliased = {}  -- image digest -> its alias from now on, false for none

local function alias_of(own)
  local alias = aliased[own]
  if alias == nil then
    alias = copies_exist and call('HGET', bucket(aliases, own), own) or false
    aliased[own] = alias
  end
  return alias
end

-- The tally that has the rows of an image: its own, or that of its picture.
local function with_rows(image)
  local alias = (copies_exist or counts.copies > 0) and alias_of(image.digest)
  return alias and #alias == 16 and load(alias) or image
end

-- The images that show a picture, as {digest, id} pairs.
local function load_copies(picture)
  if not picture.copies then
    picture.copies = {}
    local raw = (copies_exist or counts.copies > 0) and call('HGET', bucket(copies, picture.digest), picture.digest) or ''
    local start = 1
    while start <= #raw do
      local digest, id
      digest, id, start = unpack(COPY, raw, start)
      picture.copies[#picture.copies + 1] = {digest, id}
    end
    compared = compared + #picture.copies
  end
  return picture.copies
end

local function written_copies(picture)
  local parts = {}
  for i, copy in ipairs(picture.copies) do
    parts[i] = pack(COPY, copy[1], #copy[2], copy[2])
  end
  return table.concat(parts)
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
        list[#list + 1] = row
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

-- Whether a moderator has decided about it: nothing joins, and it joins nothing.
local function is_decided(tally)
  return tally.state == CLEARED or tally.state == UPHELD
end

local function join(image, id, shown)
  local picture, known, own = load(shown), alias_of(image.digest), image.digest
  local all = load_copies(picture)
  if image.wary or is_decided(image) or is_decided(picture) or #all >= policy.max_copies then
    if not known then
      aliased[own], image.aliased = PARTED .. shown, true
    end
    return false
  end
  if known == PARTED .. shown and image.epoch > 1 then
    return false  -- it was parted
  end
  all[#all + 1] = {own, id}
  picture.copies_dirty, aliased[own], image.aliased = true, shown, true
  counts.copies = counts.copies + 1
  if image.rows ~= '' then
    picture.rows, image.rows = merged(picture.rows, image.rows), ''
    picture.dirty, image.dirty = true, true
  end
  return true
end

-- Lets an image share the rows of the picture that a report says it shows: the nearest known one of a PDQ hash, or the
-- first of its own.
local pictures, waiting = {}, ''
local function nearest(report)
  if not report.pdq then
    return nil
  end
  local near, looked = nearest_picture(bands, report.pdq, waiting)
  compared = compared + looked
  return near
end

local function join_picture(image, report)
  local alias = alias_of(image.digest)
  if not report.shared or (alias and #alias == 16) then
    return
  end
  local near = nearest(report)
  local joined = join(image, report.id, near or report.shared)
  if report.pdq and not near and joined then
    pictures[#pictures + 1], waiting = {hash = report.pdq, digest = report.shared}, waiting .. report.pdq .. report.shared
  end
end

-- Takes an image out of those that show its picture. Its rows stay there.
local function part(image)
  local alias = alias_of(image.digest)
  if not alias or #alias ~= 16 then
    return
  end
  local picture = load(alias)
  local all = load_copies(picture)
  for i, copy in ipairs(all) do
    if copy[1] == image.digest then
      table.remove(all, i)
      break
    end
  end
  picture.copies_dirty, aliased[image.digest], image.aliased = true, PARTED .. alias, true
end
