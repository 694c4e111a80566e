#!lua flags=no-writes
-- allowance: what a tenant may have.
--
-- KEYS[1] queue
-- ARGV skew, tenant
-- returns now, what is the default, its own, its override, and until when it is paused (ms, or inf)
--# use clock
local found = redis.call('HMGET', q .. ':limits', 'default', 'tenant:' .. ARGV[2], 'override:' .. ARGV[2], 'paused:' .. ARGV[2])
return {now, found[1] or '', found[2] or '', found[3] or '', found[4] or ''}
