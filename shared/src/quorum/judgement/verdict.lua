-- Whether an image crosses its bar, and whether a block has to wait for a moderator. Twin: verdict.py.

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
