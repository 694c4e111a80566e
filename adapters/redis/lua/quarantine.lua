#!lua flags=allow-oom
-- quarantine: puts leased jobs aside whose records cannot be read, as they are.
--
-- KEYS[1] queue
-- ARGV skew, holder, then up to 100 times: id, whether a newer version wrote it ('1' or '0')
--# use clock record state turn waiting note free aside
local leases, placed = q .. ':leases:' .. ARGV[2], {}
for i = 3, #ARGV, 2 do
  local value = redis.call('HGET', leases, ARGV[i])
  if value then
    redis.call('HDEL', leases, ARGV[i])
    note(placed, ARGV[i], value)
    put_aside(ARGV[i], ARGV[i + 1] == '1')
  end
end
local woken = free(placed)
if woken > 0 then
  wake(woken)
end
if redis.call('EXISTS', leases) == 0 then
  redis.call('ZREM', q .. ':holders', ARGV[2])
end
