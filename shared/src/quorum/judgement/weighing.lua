-- How much people weigh, and how much those who look alike. Twin: weighing.py, which tells the sources.

local STANDING = '>HHBI4I4I4'

-- Weights by class and reason code.
local by_code = {}
for class, weights in ipairs(policy.weights) do
  by_code[class] = {}
  for reason, weight in pairs(weights) do
    by_code[class][policy.codes[reason]] = weight
  end
end

-- What decided reports say of a reporter: the factor of their weight, until when they are muted, and until when they are
-- warned. See quorum.policy.accuracy for the formula and its source.
local standings = {}
local standings_exist = call('HEXISTS', stats, 'standings') == 1
local function standing_of(fingerprint)
  local standing = standings[fingerprint]
  if standing == nil then
    local raw = call('HGET', bucket(reporters, fingerprint), fingerprint)
    standing = false
    if raw then
      local upheld, unfounded, _, warned, muted_until = unpack(STANDING, raw)
      local decided, factor = upheld + unfounded + 2 * policy.prior, 1000
      if decided > 0 then
        factor = floor(2000 * (upheld + policy.prior) / decided)
      end
      standing = {
        factor = math.max(policy.least, math.min(policy.most, factor)),
        muted_until = muted_until * MINUTE_MS,
        warned_until = warned > 0 and (warned + policy.mute_minutes) * MINUTE_MS or 0,
      }
    end
    standings[fingerprint] = standing
  end
  return standing
end

local function class_weight(class, code)
  return by_code[class + 1][code] or policy.class_weights[class + 1]
end

local function fact_weight(class, code, age)
  local weight, full = class_weight(class, code), policy.full_minutes
  return age < full and floor(weight * age / full) or weight
end

-- What a person weighs now, and whether they are warned.
local function weight_now(fingerprint, weight, at)
  local standing = standings_exist and standing_of(fingerprint)
  if not standing then
    return weight, false
  end
  return standing.muted_until > at and 0 or floor(weight * standing.factor / 1000), standing.warned_until > at
end

-- What the person who reports weighs now, by any of the fingerprints that they have had.
local function weight_of(report)
  local known, previous = report.fingerprint, report.previous
  for i = 1, standings_exist and #previous or 0 do
    known = standing_of(known) and known or previous[i]
  end
  return (weight_now(known, fact_weight(report.class, report.code, report.age), report.at))
end

-- The people of an image who weigh anything now.
local function voices(rows, at)
  local people = {}
  for start = 1, #rows, ROW_BYTES do
    local fingerprint, _, code, class, age, address, near, wide = unpack(ROW, rows, start)
    local weight, warned = weight_now(fingerprint, fact_weight(class, code, age), at)
    if weight > 0 then
      people[#people + 1] = {
        fingerprint = fingerprint, weight = weight, code = code, class = class, warned = warned,
        address = address, near = near, wide = wide,
      }
    end
  end
  return people
end

-- The same in short, for most images: what people weigh together and what they could weigh at most. Nothing for the first
-- where some look alike, which takes `score_of`.
local function plain_score(rows, at)
  local score, most, full = 0, 0, policy.full_minutes
  for start = 1, #rows, ROW_BYTES do
    local code, class, age, _, _, wide = unpack('>HBHHHH', rows, start + 18)
    local weight = by_code[class + 1][code] or policy.class_weights[class + 1]
    most = most + weight
    if wide ~= 0 then
      score = nil
    elseif score then
      if age < full then
        weight = floor(weight * age / full)
      end
      if standings_exist then
        weight = weight_now(sub(rows, start, start + 11), weight, at)
      end
      score = score + weight
    end
  end
  return score, floor(most * policy.most / 1000)
end

local function branch(tree, name)
  local found = tree[name]
  if not found then
    found = {}
    tree[name] = found
  end
  return found
end

-- What a group counts for, and its heaviest person: at depth 0 its members are weights, above that groups.
local function folded(members, depth)
  local whole, heaviest = 0, 0
  for _, member in pairs(members) do
    local value, person = member, member
    if depth > 0 then
      value, person = folded(member, depth - 1)
    end
    whole, heaviest = whole + value, math.max(heaviest, person)
  end
  return whole > 1000 and math.max(heaviest, floor(math.sqrt(whole * 1000))) or whole, heaviest
end

local function score_of(people)
  local score, groups = 0, nil
  for _, one in ipairs(people) do
    if one.wide == 0 then
      score = score + one.weight
    else
      groups = groups or {}
      local members = branch(branch(branch(groups, one.wide), one.near), one.address)
      members[#members + 1] = one.weight
    end
  end
  for _, group in pairs(groups or {}) do
    score = score + (folded(group, 2))
  end
  return score
end
