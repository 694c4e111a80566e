#!lua flags=no-writes
-- allowance: what a tenant may have.
--
-- KEYS[1] queue
-- ARGV skew, tenant
-- returns now, what is the default, its own, its override, and until when it is paused (ms, or inf), whether it is closed,
--      whether a purge has
--      begun, and what its tier has
--# use clock
local found = redis.call('HMGET', q .. ':limits', 'default', 'tenant:' .. ARGV[2], 'override:' .. ARGV[2], 'paused:' .. ARGV[2], 'closed:' .. ARGV[2], 'purging:' .. ARGV[2], 'tier:' .. ARGV[2])
return {now, found[1] or '', found[2] or '', found[3] or '', found[4] or '', found[5] or '', found[6] or '', found[7] or ''}
