#!lua flags=no-writes
-- usage: what tenants had in one step of time.
--
-- KEYS[1] queue
-- ARGV skew, the length of a step (ms), the number of the step, or '' for the one under way
-- returns now, the number of the step, what its hash has
--# use clock usage
local n = tonumber(ARGV[3]) or math.floor(now / ARGV[2])
return {now, n, redis.call('HGETALL', usage_key(n))}
