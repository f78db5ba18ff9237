-- Claims an image for somebody, or releases it, unless another has claimed it.
--
-- KEYS  1 the claim (string: JSON)
-- ARGV  1 claim or release   2 id of the API key   3 its name   4 for how long, ms
-- Result  the claim as it is then (nothing where there is none): of another key when nothing was done

local call = redis.call
local raw = call('GET', KEYS[1])
local readable, known = pcall(cjson.decode, raw or 'null')
local is_claim = readable and type(known) == 'table' and known.key and known.name and tonumber(known['until'])
if is_claim and known.key ~= ARGV[2] then
  return raw
end
if ARGV[1] == 'release' then
  call('DEL', KEYS[1])
  return false
end
local clock = call('TIME')
local until_ms = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[4]
local claim = cjson.encode({key = ARGV[2], name = ARGV[3], ['until'] = until_ms})
call('SET', KEYS[1], claim, 'PX', ARGV[4])
return claim
