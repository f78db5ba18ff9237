-- A report becomes a row, or changes one: each person once, with what is known of them. Twin: counting.py.

-- What is known of an earlier fingerprint (of the pepper before, of a name before it had one form) goes on under the new
-- one, in its place.
local moved_standings = {}
local function take_over(image, old, new)
  local rows = image.rows
  local start = not find_row(rows, new) and find_row(rows, old)
  if start then
    image.rows, image.dirty = sub(rows, 1, start - 1) .. new .. sub(rows, start + #new), true
  end
  if standings_exist and not standing_of(new) and standing_of(old) then
    standings[new] = standing_of(old)
    moved_standings[new] = old
  end
  if spending_of(new) == '' and spending_of(old) ~= '' then
    spendings[new], spendings_dirty[new] = spending_of(old), true
  end
end

local function write_moved_standings()
  for new, old in pairs(moved_standings) do
    call('HSET', bucket(reporters, new), new, call('HGET', bucket(reporters, old), old))
  end
end

-- Where the lightest row starts, and what it weighs by its facts.
local function lightest(rows)
  local place, least = nil, math.huge
  for start = 1, #rows, ROW_BYTES do
    local _, _, code, class, age = unpack(ROW, rows, start)
    local weight = fact_weight(class, code, age)
    if weight < least then
      place, least = start, weight
    end
  end
  return place, least
end

local COUNTED_CLASS = {}
for class = 1, #policy.weights do
  COUNTED_CLASS[class] = 'counted_class_' .. (class - 1)
  counts[COUNTED_CLASS[class]] = 0
end

-- Whether the reporter is new to the image.
local function count(image, report)
  local code, previous = report.code, report.previous
  for i = 1, #previous do
    take_over(image, previous[i], report.fingerprint)
  end
  local rows = image.rows
  local start = find_row(rows, report.fingerprint)
  if start then
    counts.known = counts.known + 1
    local fingerprint, since, _, _, age, address, near, wide = unpack(ROW, rows, start)
    image.rows = sub(rows, 1, start - 1)
      .. pack(ROW, fingerprint, since, code, report.class, math.max(age, report.age), address, near, wide)
      .. sub(rows, start + ROW_BYTES)
    image.dirty = true
    return false
  end
  if #rows >= max_bytes then
    local place, least = lightest(rows)
    if least >= fact_weight(report.class, code, report.age) then
      counts.full = counts.full + 1
      return false
    end
    rows = sub(rows, 1, place - 1) .. sub(rows, place + ROW_BYTES)
  end
  image.rows = rows .. pack(ROW, report.fingerprint, report.at, code, report.class, report.age,
    report.address, report.near, report.wide)
  image.dirty = true
  counts.counted = counts.counted + 1
  local standing = standings_exist and standing_of(report.fingerprint)
  if standing and standing.muted_until > report.at then
    counts.muted = counts.muted + 1
  end
  local name = COUNTED_CLASS[report.class + 1]
  counts[name] = counts[name] + 1
  return true
end
