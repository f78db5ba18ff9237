-- A report becomes a row, or does not: each person once, with the weight that the policy gives them. Twin: counting.py.

local STANDING = '>HHBI4I4I4'

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

local function weight_of(at, fingerprint, previous, class, reason)
  local weight = policy.weights[class + 1][reason] or policy.class_weights[class + 1]
  local standing = standings_exist and standing_of(fingerprint)
  for i = 1, standings_exist and not standing and #previous or 0 do
    standing = standing or standing_of(previous[i])
  end
  if standing then
    return standing.muted_until > at and 0 or floor(weight * standing.factor / 1000)
  end
  return weight
end

-- The row of an earlier fingerprint (of the pepper before, of a name before it had one form) goes on under the new one,
-- in its place.
local function find_renamed(image, fingerprint, previous)
  local rows = image.rows
  local start = find_row(rows, fingerprint)
  for i = 1, start and 0 or #previous do
    start = find_row(rows, previous[i])
    if start then
      image.rows = sub(rows, 1, start - 1) .. fingerprint .. sub(rows, start + #fingerprint)
      image.dirty = true
      break
    end
  end
  return start
end

-- For the cap by share of the images that were reported today.
local function count_image_of_today(rows, at)
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
end

local function count(image, at, fingerprint, previous, class, flags, network, reason)
  local code = policy.codes[reason] or 0
  local weight = weight_of(at, fingerprint, previous, class, reason)
  local start = find_renamed(image, fingerprint, previous)
  local rows = image.rows
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
    count_image_of_today(rows, at)
    image.rows = rows .. pack(ROW, fingerprint, at, weight, code, class + (flags % 2 == FRESH and 4 or 0), network)
    image.score, image.dirty = image.score + weight, true
    counts.counted = counts.counted + 1
    local name = 'counted_class_' .. class
    counts[name] = (counts[name] or 0) + 1
  end
end
