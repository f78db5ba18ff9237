-- What becomes of an image by what is known now: it stays open, is held, or is blocked. Twin: verdict.py.

local function rule_for(id)
  for _, rule in ipairs(policy.images) do
    if id == rule.text or (not rule.exact and sub(id, 1, #rule.text) == rule.text) then
      return rule
    end
  end
end

local function is_protected(subjects)
  for _, subject in ipairs(subjects) do
    local rule = rule_for(subject[2])
    if rule and rule.protected then
      return true
    end
  end
  return false
end

local function reached(bar, people, factor, alone)
  return (#people >= bar.min_reporters or (alone and #people > 0)) and score_of(people) * 1000 >= bar.threshold * factor
end

-- The images that a verdict is about, as {digest, id} pairs.
local function subjects_of(image, id)
  local subjects = load_copies(image)
  return #subjects > 0 and subjects or {{image.digest, id}}
end

-- The bar of an image; of several that share a tally the highest, whichever was reported.
local function bar_of(subjects)
  local bar = {threshold = 0, min_reporters = 0}
  for _, subject in ipairs(subjects) do
    local own = rule_for(subject[2]) or policy
    bar.threshold = math.max(bar.threshold, own.threshold)
    bar.min_reporters = math.max(bar.min_reporters, own.min_reporters)
  end
  return bar
end

-- Those who gave one reason.
local function of_reason(people, code)
  local same = {}
  for _, one in ipairs(people) do
    if one.code == code then
      same[#same + 1] = one
    end
  end
  return same
end

-- Whether enough people weigh enough, by the bar of the image or by that of a reason.
local function over(image, subjects, people, factor)
  if image.epoch > 1 then
    factor = floor(factor * policy.clear_factor / 1000)
  end
  local alone = false
  if policy.trusted_alone then
    for _, one in ipairs(people) do
      alone = alone or one.class == TRUSTED
    end
  end
  local crosses = reached(bar_of(subjects), people, factor, alone)
  for reason, bar in pairs(policy.reason_bars) do
    crosses = crosses or reached(bar, of_reason(people, policy.codes[reason]), factor, alone)
  end
  if not crosses or policy.view_ratio == 0 then
    return crosses
  end
  local raw = call('HGET', bucket(views, image.digest), image.digest)
  return #people * MILLION >= policy.view_ratio * (raw and unpack('>I6', raw) or 0)
end

-- Those who may bring about an automatic block, and whether anybody has spent the day's budget.
local function carriers_of(people, at)
  local carriers, spent = {}, false
  for _, one in ipairs(people) do
    if has_spent(one.fingerprint, at) then
      spent = true
    elseif not one.warned then
      carriers[#carriers + 1] = one
    end
  end
  return carriers, spent
end

-- The state that an image should have, and why it is held if it is; what shields and budgets count is counted.
local function judge(image, id, at)
  local people
  image.score, image.most = plain_score(image.rows, at)
  if not image.score then
    people = voices(image.rows, at)
    image.score = score_of(people)
  end
  if image.score < policy.lowest then
    return OPEN
  end
  people = people or voices(image.rows, at)
  local subjects = subjects_of(image, id)
  if not over(image, subjects, people, 1000) then
    return OPEN
  end
  if is_protected(subjects) then
    return HELD, 'protected'
  end
  local carriers, spent = carriers_of(people, at)
  if not over(image, subjects, carriers, 1000) then
    return HELD, spent and 'budget' or 'warned'
  end
  if shields_are_up(at) and not over(image, subjects, carriers, policy.shields_factor) then
    return HELD, 'shields'
  end
  charge(carriers, at)
  count_block(at)
  return BLOCKED
end

local STATES = {[OPEN] = 'released', [BLOCKED] = 'blocked', [HELD] = 'held'}

-- Judges an image that reports alone may change, and says what became of it and of its copies.
local function decide(image, id, at)
  local state, cause = judge(image, id, at)
  image.dirty = true
  if state ~= image.state then
    image.state = state
    for _, subject in ipairs(subjects_of(image, id)) do
      announce(image, subject[1], subject[2], at, STATES[state], cause)
    end
  end
  if state == BLOCKED then
    image.pending, image.settled, image.name = nil, true, image.name or id
  elseif image.most >= policy.lowest then
    image.pending, image.name = at, image.name or id
  end
end
