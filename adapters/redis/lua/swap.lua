#!lua flags=allow-oom
-- swap: stores what became of leased jobs, each in place of its lease. One whose lease is not the
-- holder's any more is refused, unless it is stored already.
--
-- KEYS[1] queue
-- ARGV skew, holder, how long finished jobs are remembered (ms), then groups as `outcomes` takes them
-- returns the numbers (from 1) of those refused
--# use clock head state
local holder, span, from = ARGV[2], tonumber(ARGV[3]), 4
local leases = q .. ':leases:' .. holder
local last, began = unpack(redis.call('HMGET', q, 'gen', 'gen_at'))
--# use outcomes
if unheld then
  redis.call('ZREM', q .. ':holders', holder)
end
return refused
