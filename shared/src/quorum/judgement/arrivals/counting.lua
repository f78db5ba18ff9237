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

-- Where the row starts that brings the least by its facts, divided among those of the same /16 or /32; nil when none
-- brings less than a new one.
local function least_of(rows, new)
  local alike, least, place = {[new.wide] = 1}, nil, nil
  for start = 1, #rows, ROW_BYTES do
    local wide = unpack('>H', rows, start + 27)
    alike[wide] = (alike[wide] or 0) + 1
  end
  local function share(class, code, age, wide)
    return floor(fact_weight(class, code, age) * 1000 / (wide == 0 and 1 or alike[wide]))
  end
  for start = 1, #rows, ROW_BYTES do
    local _, _, code, class, age, _, _, wide = unpack(ROW, rows, start)
    local brought = share(class, code, age, wide)
    if not least or brought < least then
      least, place = brought, start
    end
  end
  return least < share(new.class, new.code, new.age, new.wide) and place or nil
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
    local place = least_of(rows, report)
    if not place then
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
