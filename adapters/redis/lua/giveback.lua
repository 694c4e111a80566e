#!lua flags=allow-oom
-- giveback: ends leases of a holder who does not know of them, each job ready again at the front of its line.
--
-- KEYS[1] queue
-- ARGV skew, holder, then up to 100 times: id, lease
--# use clock record state turn line waiting note free
local leases, n, placed = q .. ':leases:' .. ARGV[2], 0, {}
for i = 3, #ARGV, 2 do
  local id, value = ARGV[i], ARGV[i + 1]
  if redis.call('HGET', leases, id) == value then
    redis.call('HDEL', leases, id)
    note(placed, id, value)
    local record = redis.call('HGET', q .. ':jobs', id)
    if readable(record) then
      local flags = string.find(value, ':c', 1, true) and CANCELLING or 0
      record = sub(record, 1, 1) .. char(flags, byte(record, 3), PENDING)
        .. struct.pack('>I6', string.match(value, '^%d+') + 1) .. sub(record, 11)
      redis.call('HSET', q .. ':jobs', id, line(id, record, value))
      n = n + 1
    end
  end
end
n = math.max(n, free(placed))
if redis.call('EXISTS', leases) == 0 then
  redis.call('ZREM', q .. ':holders', ARGV[2])
end
if n > 0 then
  wake(n)
end
return n
