#!lua flags=no-writes
-- lines: the ready lists that there are, all seen in one step.
--
-- KEYS[1] queue
-- ARGV skew
-- returns for each priority the tenants that have a turn, then who rests, then fields and values of the lanes
--# use clock
local out = {}
for level = 0, 4 do
  out[level + 1] = redis.call('LRANGE', q .. ':ring:' .. level, 0, -1)
end
out[6], out[7] = redis.call('ZRANGE', q .. ':resting', 0, -1), redis.call('HGETALL', q .. ':lanes')
return out
