-- The shields: a cap on automatic blocks; while they are up, blocks are holds. Twin: shields.py.

local shield = {hour = 0, hour_blocks = 0, day = 0, day_blocks = 0, day_images = 0, up_until = 0}
local SHIELD = {'hour', 'hour_blocks', 'day', 'day_blocks', 'day_images', 'up_until'}
for i, value in ipairs(call('HMGET', shields, 'hour', 'hour_blocks', 'day', 'day_blocks', 'day_images', 'up_until')) do
  shield[SHIELD[i]] = tonumber(value or 0)
end
local shield_dirty = false

local function roll(at)
  local hour, day = floor(at / HOUR_MS), floor(at / DAY_MS)
  if hour > shield.hour then
    shield.hour, shield.hour_blocks, shield_dirty = hour, 0, true
  end
  if day > shield.day then
    shield.day, shield.day_blocks, shield.day_images, shield_dirty = day, 0, 0, true
  end
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

local function write_shields()
  if shield_dirty then
    call('HSET', shields, 'hour', shield.hour, 'hour_blocks', shield.hour_blocks, 'day', shield.day,
      'day_blocks', shield.day_blocks, 'day_images', shield.day_images, 'up_until', shield.up_until)
  end
end
