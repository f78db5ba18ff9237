-- What other services are told of an image: blocked, unblocked, held, released, deleted. Twin: announcing.py.

local function hex(bytes)
  return (string.gsub(bytes, '.', function(c) return string.format('%02x', byte(c)) end))
end

-- RFC 3339 from Unix milliseconds; days to civil date after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
local function timestamp(ms)
  local seconds = floor(ms / 1000)
  local days, rest = floor(seconds / 86400), seconds % 86400
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local day = doy - floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    floor(rest / 3600), floor(rest / 60) % 60, rest % 60, ms % 1000)
end

-- `held` and `released` may happen more than once in an epoch, so their ids are numbered.
local turns = tonumber(call('HGET', stats, 'turns') or 0)
local BY_SITE = {content = true, gone = true}  -- causes that are the site's own word
local announced = {}  -- events in their order; what they are about is noted beside them
local trace  -- of the report that is being applied
local function announce(image, id, at, kind, cause)
  local rows, reasons, first, last = with_rows(image).rows, {}, nil, nil
  for start = 1, #rows, ROW_BYTES do
    local _, since, code = unpack(ROW, rows, start)
    local reason = policy.names[tostring(code)] or 'other'
    reasons[reason] = (reasons[reason] or 0) + 1
    first, last = math.min(first or since, since), math.max(last or since, since)
  end
  local number = ''
  if kind == 'held' or kind == 'released' then
    turns, counts.turns = turns + 1, counts.turns + 1
    number = '-' .. turns
  end
  if image.story == nil then
    image.story = told.of(stories, image.digest)
  end
  announced[#announced + 1] = {kind = kind, id = id, at = at, cause = cause, image = image, first = first,
    reason = figures.main_reason(reasons), event = cjson.encode({
    specversion = '1.0',
    id = hex(image.digest) .. '-' .. image.epoch .. '-' .. kind .. number,
    source = '/quorum',
    type = 'quorum.image.' .. kind .. '.v1',
    subject = id,
    time = timestamp(at),
    datacontenttype = 'application/json',
    traceparent = trace,
    data = {
      image_id = id,
      epoch = image.epoch,
      score = image.score / 1000,
      reporters = #rows / ROW_BYTES,
      reasons = reasons,
      first_reported_at = first and timestamp(first) or cjson.null,
      last_reported_at = last and timestamp(last) or cjson.null,
      decided_by = BY_SITE[cause] and {kind = 'site'} or {kind = 'policy', version = policy.version},
      cause = cause,
    },
  })}
  counts[kind] = (counts[kind] or 0) + 1
end
