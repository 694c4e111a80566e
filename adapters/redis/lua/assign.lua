#!lua
-- assign: gives a tenant the limits of its tier for a time, or takes them back. Jobs that run count where the tenant had some before.
--
-- KEYS[1] queue
-- ARGV skew, tenant, the limit or '', for how long (ms)
--# use clock record state sooner turn waiting limits rest seat
local key, tenant, limit = q .. ':limits', ARGV[2], ARGV[3]
local had = redis.call('HGET', key, 'tier:' .. tenant)
if limit == '' then
  redis.call('ZREM', q .. ':assigned', tenant)
  redis.call('HDEL', key, 'tier:' .. tenant)
else
  redis.call('ZADD', q .. ':assigned', now + ARGV[4], tenant)
  redis.call('HSET', key, 'tier:' .. tenant, limit)
end
if had == limit then
  return
end
renew(tenant)
if had then
  seat_all(false)
end
if rouse(tenant) then
  wake_all()
end
