-- Appends accepted reports to the inbox, stamped with the server's time, and says whether the doorbell must be rung.
-- Reports beyond a limit of this minute are left out. The limits ride in the call that stores reports, since a call of
-- their own would cost intake a third of its throughput (docs/decisions/0005).
--
-- KEYS  1 inbox (list)   2 bell (string)   3 prefix of the counters of limits (strings)   4 meta (hash)
-- ARGV  1 ceiling of the inbox, entries   2 life of the bell, ms   3 limit per reporter   4 per network   5 per key,
--       reports a minute, 0 for none   6.. pairs: a report without its time (codec.py), its caller (n or k and an id, or
--       nothing)
-- Result  {-1} when the inbox is full, {-2} when the data of this partition is not there, and nothing was appended; else {1 to ring the bell or 0, seconds until the minute
--         ends, then for each report what its tightest limit still allows (-1 without limits), or -2, -3, -4 when it
--         was refused by the limit of its reporter, network or key}
-- Cost  O(reports). At maxmemory it fails before anything is written.

local inbox, bell, counters = KEYS[1], KEYS[2], KEYS[3]
local per_reporter, per_caller = tonumber(ARGV[3]), {n = tonumber(ARGV[4]), k = tonumber(ARGV[5])}
local REFUSED = {n = -3, k = -4}
local FINGERPRINT, LIFE_MS, CHUNK = 17, 120000, 1000

-- A Redis that came back without its data must not take reports: a restore would replace them.
if redis.call('HEXISTS', KEYS[4], 'layout') == 0 then
  return {-2}
end
if redis.call('LLEN', inbox) + (#ARGV - 5) / 2 > tonumber(ARGV[1]) then
  return {-1}
end

local clock = redis.call('TIME')
local stamp = struct.pack('>I6', clock[1] * 1000 + math.floor(clock[2] / 1000))
local prefix = counters .. math.floor(clock[1] / 60) .. ':'

-- What is left of a reporter's limit once one more has been counted; negative when it is one too many.
local function left_of_reporter(name)
  if redis.call('SET', prefix .. name, 1, 'NX', 'PX', LIFE_MS) then
    return per_reporter - 1
  end
  return per_reporter - redis.call('INCR', prefix .. name)
end

-- The same of a caller, of whom many reports may come in one call: read once, written once.
local callers = {}
local function left_of_caller(name, limit)
  local used = (callers[name] or tonumber(redis.call('GET', prefix .. name) or 0)) + 1
  callers[name] = used
  return limit - used
end

local answer, entries = {0, 60 - clock[1] % 60}, {}
for i = 6, #ARGV, 2 do
  local report, caller = ARGV[i], ARGV[i + 1]
  local kind, result = string.sub(caller, 1, 1), -1
  local limit = per_caller[kind] or 0
  if limit > 0 then
    result = left_of_caller(caller, limit)
    if result < 0 then
      result = REFUSED[kind]
    end
  end
  if result >= -1 and per_reporter > 0 then
    local own = left_of_reporter('r' .. string.sub(report, FINGERPRINT, FINGERPRINT + 11))
    if own < 0 then
      result = -2
    elseif result == -1 or own < result then
      result = own
    end
  end
  if result >= -1 then
    entries[#entries + 1] = stamp .. report
  end
  answer[#answer + 1] = result
end

for name, used in pairs(callers) do
  redis.call('SET', prefix .. name, used, 'PX', LIFE_MS)
end
for first = 1, #entries, CHUNK do
  redis.call('RPUSH', inbox, unpack(entries, first, math.min(first + CHUNK - 1, #entries)))
end
if #entries > 0 and redis.call('SET', bell, 1, 'NX', 'PX', ARGV[2]) then
  answer[1] = 1
end
return answer
