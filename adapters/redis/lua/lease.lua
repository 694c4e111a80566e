#!lua flags=allow-oom
-- lease: claims jobs whose time has come for a holder. On the way it makes ready what has become due,
-- takes up run-out leases of one other holder, and drops what need not be kept any longer.
--
-- KEYS[1] queue
-- ARGV skew, holder, request, max, ttl (ms), repeated, with a suspect, by when leases of others must have ended to be
--      taken up (ms, 0 for never), how long finished jobs are remembered (ms), what `offer` says, then what `share` says
-- returns now, next look (ms, 0 for none), rev, lease end, whether the first is a suspect,
--      the IDs in one string, their records; the IDs that were put aside as corrupt, and as newer; whether jobs were left
--      for the sake of the share; for how many an offer was made, and for how many the past one still was
--# use clock head state
local holder, request, max, ttl = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local leases = q .. ':leases:' .. holder
local before = ARGV[6] == '1' and (function()
--# use again
return again(leases, holder, request)
end)()
if before then
  return before
end
--# use meta fetch
return fetched
