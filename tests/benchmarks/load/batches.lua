-- wrk script: posts batches of 500 reports of many images by many reporters. Argument: the site key.
local bodies = {}

function init(args)
  math.randomseed(os.time())
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/json'
  wrk.headers['Authorization'] = 'Bearer ' .. args[1]
  for number = 1, 50 do
    local reports = {}
    for place = 1, 500 do
      reports[place] = string.format('{"image_id":"photo-%029d","reason":"violence","reporter_id":"reader-%d"}',
        math.random(1, 1000000), math.random(1, 100000000))
    end
    bodies[number] = '[' .. table.concat(reports, ',') .. ']'
  end
end

function request()
  return wrk.format(nil, nil, nil, bodies[math.random(#bodies)])
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('RESULT %d %d %d %d\n', summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
