-- The shields: a cap on automatic blocks; while they are up the bar is higher. Twin: shields.py.
--
-- `recent` is a list of the times of automatic blocks, oldest first, as long as the larger cap.

local up_until, counted_from = 0, 0
local shield_dirty, new_blocks = false, {}
do
  local known = call('HMGET', shields, 'up_until', 'counted_from')
  up_until, counted_from = tonumber(known[1] or 0), tonumber(known[2] or 0)
end

-- When the block was that lies `back` before the next one; 0 when there were not so many.
local function block_before(back)
  if back <= #new_blocks then
    return new_blocks[#new_blocks - back + 1]
  end
  return tonumber(call('LINDEX', recent, #new_blocks - back) or 0)
end

local function cap_reached(now)
  if policy.hour_cap > 0 and block_before(policy.hour_cap) > math.max(now - HOUR_MS, counted_from) then
    return 'blocks_per_hour'
  end
  if policy.day_cap > 0 and block_before(policy.day_cap) > math.max(now - DAY_MS, counted_from) then
    return 'blocks_per_day'
  end
end

local function shields_are_up(now)
  if now < up_until then
    return true
  end
  if up_until > counted_from then
    counted_from, shield_dirty = up_until, true
  end
  local cause = cap_reached(now)
  if not cause then
    return false
  end
  up_until, shield_dirty = now + policy.shields_ms, true
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
      ['until'] = timestamp(up_until),
      cause = cause,
      decided_by = {kind = 'policy', version = policy.version},
    },
  })}
  return true
end

local function count_block(at)
  new_blocks[#new_blocks + 1] = at
end

local function write_shields()
  if shield_dirty then
    call('HSET', shields, 'up_until', up_until, 'counted_from', counted_from)
  end
  if #new_blocks > 0 then
    for _, at in ipairs(new_blocks) do
      call('RPUSH', recent, at)
    end
    call('LTRIM', recent, -math.max(policy.hour_cap, policy.day_cap, 1), -1)
  end
end
