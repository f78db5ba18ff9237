-- What becomes of an image by what is known now: it stays open, is held, or is blocked. Twin: verdict.py.

local function rule_for(id)
  for _, rule in ipairs(policy.images) do
    if id == rule.text or (not rule.exact and sub(id, 1, #rule.text) == rule.text) then
      return rule
    end
  end
end

local function reached(bar, people, factor, alone)
  return (#people >= bar.min_reporters or (alone and #people > 0)) and score_of(people) * 1000 >= bar.threshold * factor
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
local function over(image, id, people, factor)
  if image.wary then
    factor = floor(factor * policy.clear_factor / 1000)
  end
  local alone = false
  if policy.trusted_alone then
    for _, one in ipairs(people) do
      alone = alone or one.class == TRUSTED
    end
  end
  local crosses = reached(rule_for(id) or policy, people, factor, alone)
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
local function judge(image, holder, id, at)
  local people
  image.score, holder.most = plain_score(holder.rows, at)
  if not image.score then
    people = voices(holder.rows, at)
    image.score = score_of(people)
  end
  if image.score < policy.lowest then
    return OPEN
  end
  people = people or voices(holder.rows, at)
  if not over(image, id, people, 1000) then
    return OPEN
  end
  local rule = rule_for(id)
  if rule and rule.protected then
    return HELD, 'protected'
  end
  local carriers, spent = carriers_of(people, at)
  if not over(image, id, carriers, 1000) then
    return HELD, spent and 'budget' or 'warned'
  end
  if shields_are_up(at) and not over(image, id, carriers, policy.shields_factor) then
    return HELD, 'shields'
  end
  charge(carriers, at)
  count_block(at)
  return BLOCKED
end

local NAMED_AT = 2  -- reporters from whom on an image's id is kept, so that it can be judged without a report
local STATES = {[OPEN] = 'released', [BLOCKED] = 'blocked', [HELD] = 'held'}

-- Judges an image that reports alone may change, and says what became of it.
local function decide(image, holder, id, at)
  local state, cause = judge(image, holder, id, at)
  image.dirty = true
  if state ~= image.state then
    image.state = state
    announce(image, id, at, STATES[state], cause)
  end
  if state == BLOCKED then
    image.blocked_at, image.name = at, nil
    waiting_room[image.digest .. id] = false
  elseif holder.most >= policy.lowest then
    image.name = id
    waiting_room[image.digest .. id] = at
  elseif #holder.rows >= NAMED_AT * ROW_BYTES then
    image.name = id
  end
end
