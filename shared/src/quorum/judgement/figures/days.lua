-- What is counted of each day (UTC), for statistics: one hash for each day, figure -> how many, and one for each week, so
-- that a year is read in some milliseconds. Twin: figures.py, which says what each is. One table, since a script may have
-- 200 local names.

local figures = {
  KEPT = 34560000,  -- seconds: 400 days
  BOUNDS = {
    1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900, 1200, 1800, 2700,
    3600, 5400, 7200, 10800, 14400, 21600, 28800, 43200, 64800, 86400, 129600, 172800, 259200,
    345600, 518400, 691200, 1036800, 1555200, 2592000, 5184000, 7776000,
  },
  days = {},
}

function figures.count(at, name, number)
  local day = floor(at / 86400000)
  local counted = figures.days[day]
  if not counted then
    counted = {}
    figures.days[day] = counted
  end
  counted[name] = (counted[name] or 0) + (number or 1)
end

function figures.duration(name, ms)
  for _, bound in ipairs(figures.BOUNDS) do
    if ms <= bound * 1000 then
      return name .. ':' .. bound
    end
  end
  return name .. ':more'
end

-- The reason that most reports give, the first by name of several.
function figures.main_reason(reasons)
  local main, most = '', 0
  for reason, number in pairs(reasons) do
    if number > most or (number == most and reason < main) then
      main, most = reason, number
    end
  end
  return main
end

-- Nothing waits for statistics: a key that is something else is passed over.
function figures.write(prefix)
  for day, counted in pairs(figures.days) do
    for _, key in ipairs({format('%s%.0f', prefix, day), format('%sw%.0f', prefix, floor((day + 3) / 7))}) do
      for name, number in pairs(counted) do
        if redis.pcall('HINCRBY', key, name, number) == 0 then
          redis.pcall('HDEL', key, name)
        end
      end
      redis.pcall('EXPIRE', key, figures.KEPT)
    end
  end
end
