-- wrk script: posts reports of many images by many reporters. Argument: the site key, or nothing.
local count = 0

function init(args)
  math.randomseed(os.time())
  wrk.method = 'POST'
  wrk.headers['Content-Type'] = 'application/json'
  wrk.headers['Accept-Language'] = 'fr-FR,fr;q=0.9,en;q=0.8'
  if args[1] then
    wrk.headers['Authorization'] = 'Bearer ' .. args[1]
  end
end

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, string.format(
    '{"image_id":"photo-%029d","reason":"violence","reporter_id":"reader-%d"}',
    math.random(1, 1000000), math.random(1, 100000000)))
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('RESULT %d %d %d %d\n', summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
