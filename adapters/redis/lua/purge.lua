#!lua flags=allow-oom
-- purge: begins to remove a tenant, or ends that. In between the tenant has no turn, and no job of it is taken in.
--
-- KEYS[1] queue
-- ARGV skew, tenant, whether to end it ('1' or '0')
-- returns at the end what was removed since the beginning: names and numbers
--# use clock record state turn limits lane
local tenant, key, tally = ARGV[2], q .. ':limits', {}
if ARGV[3] == '0' then
  redis.call('HSET', key, 'purging:' .. tenant, '1')
else
  redis.call('HDEL', key, 'purging:' .. tenant, 'closed:' .. tenant, 'paused:' .. tenant, 'override:' .. tenant, 'tier:' .. tenant)
  redis.call('ZREM', q .. ':assigned', tenant)
  tally = redis.call('HGETALL', q .. ':purged:' .. tenant)
  redis.call('UNLINK', q .. ':purged:' .. tenant)
end
renew(tenant)
redis.call('UNLINK', q .. ':running:' .. tenant)
redis.call('ZREM', q .. ':rates', tenant)
for level = 0, 4 do
  local at = level .. ':' .. tenant
  redis.call('UNLINK', q .. ':ready:' .. at)
  for _, name in ipairs(names_of(redis.call('HGET', q .. ':lanes', at) or '')) do
    if name ~= '' then
      redis.call('UNLINK', q .. ':ready:' .. at .. ' ' .. name)
      want_no_more(at, name)
    end
  end
  keep_lanes(at, {}, '')
  leave(level, tenant)
  if string.match(redis.call('HGET', q, 'left' .. level) or '', ':(.*)$') == tenant then
    redis.call('HDEL', q, 'left' .. level)
  end
end
return tally
