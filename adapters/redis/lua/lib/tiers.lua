-- tiers: forgets up to 100 tiers of tenants that nobody has said again.
local function forget_tiers()
  for _, tenant in ipairs(redis.call('ZRANGE', q .. ':assigned', '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)) do
    redis.call('ZREM', q .. ':assigned', tenant)
    redis.call('HDEL', q .. ':limits', 'tier:' .. tenant)
    renew(tenant)
    rouse(tenant) -- where nothing has limits any more nobody looks who rests
  end
end
