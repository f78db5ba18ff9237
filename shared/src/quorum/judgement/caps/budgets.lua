-- How many automatic blocks a person may help to bring about in a day: a crew spends its own. Twin: budgets.py.
--
-- A budget is the times of the last blocks that a person carried, seconds since 1970, 4 bytes each.

local DAY_SECONDS = 86400
local spendings, spendings_dirty = {}, {}
local budgets_exist = call('HEXISTS', stats, 'budgets') == 1

local function spending_of(fingerprint)
  local times = spendings[fingerprint]
  if not times then
    times = budgets_exist and call('HGET', bucket(budgets, fingerprint), fingerprint) or ''
    spendings[fingerprint] = times
  end
  return times
end

local function has_spent(fingerprint, at)
  if policy.blocks_per_day == 0 then
    return false
  end
  local times, since, spent = spending_of(fingerprint), floor(at / 1000) - DAY_SECONDS, 0
  for start = 1, #times, 4 do
    if unpack('>I4', times, start) > since then
      spent = spent + 1
    end
  end
  return spent >= policy.blocks_per_day
end

local function charge(people, at)
  for _, one in ipairs(policy.blocks_per_day > 0 and people or {}) do
    local times = spending_of(one.fingerprint) .. pack('>I4', floor(at / 1000))
    spendings[one.fingerprint] = sub(times, -4 * policy.blocks_per_day)
    spendings_dirty[one.fingerprint] = true
  end
end

-- Gives a block back to those who carried it, once it was undone: else whoever toggles it spends what is theirs.
local function refund(rows, blocked_ms)
  for start = 1, #rows, ROW_BYTES do
    local fingerprint = sub(rows, start, start + 11)
    local times, carried = spending_of(fingerprint), pack('>I4', floor(blocked_ms / 1000))
    for place = 1, #times, 4 do
      if sub(times, place, place + 3) == carried then
        spendings[fingerprint] = sub(times, 1, place - 1) .. sub(times, place + 4)
        spendings_dirty[fingerprint] = true
        break
      end
    end
  end
end

local function write_budgets()
  local any = false
  for fingerprint in pairs(spendings_dirty) do
    if spendings[fingerprint] == '' then
      call('HDEL', bucket(budgets, fingerprint), fingerprint)
    else
      call('HSET', bucket(budgets, fingerprint), fingerprint, spendings[fingerprint])
      any = true
    end
  end
  if any and not budgets_exist then
    call('HSET', stats, 'budgets', 1)  -- judgements look for budgets from now on
  end
end
