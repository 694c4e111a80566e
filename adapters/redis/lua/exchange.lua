#!lua flags=allow-oom
-- exchange: swap and then lease, for a holder who wants both.
--
-- KEYS[1] queue
-- ARGV what lease takes, never repeated; then groups as `outcomes` takes them
-- returns the numbers (from 1) of those refused, and what lease returns
--# use clock head state
local holder, request, max, ttl, span, from = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[9]), 13 + 2 * ARGV[12]
local leases = q .. ':leases:' .. holder
--# use meta
local last, began = meta[9], meta[10]
--# use outcomes fetch
if unheld and #ids == 0 then
  redis.call('ZREM', q .. ':holders', holder)
end
return {refused, fetched}
