#!lua flags=allow-oom
-- quarantine: puts leased jobs whose records cannot be read among the dead letters, as they are.
--
-- KEYS[1] queue
-- ARGV skew, holder, how long to keep them (ms), then up to 100 IDs
--# use clock
local leases = q .. ':leases:' .. ARGV[2]
for i = 4, #ARGV do
  if redis.call('HDEL', leases, ARGV[i]) == 1 then
    redis.call('ZADD', q .. ':failed', now + ARGV[3], ARGV[i])
  end
end
if redis.call('EXISTS', leases) == 0 then
  redis.call('ZREM', q .. ':holders', ARGV[2])
end
