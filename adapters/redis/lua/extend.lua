#!lua flags=allow-oom
-- extend: makes a holder's leases last longer, and compares those that he knows with those that he has.
--
-- KEYS[1] queue
-- ARGV skew, holder, ttl (ms), then up to 100 times: id, rev
-- returns now, how many leases he has, the numbers (from 1) of those lost, the numbers of those to be cancelled
--# use clock
local leases = q .. ':leases:' .. ARGV[2]
local ids, lost, cancelled = {}, {}, {}
for i = 4, #ARGV, 2 do
  ids[#ids + 1] = ARGV[i]
end
local has = redis.call('HLEN', leases)
if has > 0 then
  redis.call('ZADD', q .. ':holders', now + ARGV[3], ARGV[2])
end
if #ids > 0 then
  for i, value in ipairs(redis.call('HMGET', leases, unpack(ids))) do
    if not value or string.find(value, ARGV[2 * i + 3] .. ':', 1, true) ~= 1 then
      lost[#lost + 1] = i
    elseif string.find(value, ':c', 1, true) then
      cancelled[#cancelled + 1] = i
    end
  end
end
return {now, has, lost, cancelled}
