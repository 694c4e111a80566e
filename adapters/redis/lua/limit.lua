#!lua flags=allow-oom
-- limit: sets what tenants may have, from this step on.
--
-- KEYS[1] queue
-- ARGV skew, whether these are all that is configured ('1' or '0'), then fields of `limits` and what they are to hold; '' for
--      nothing
--# use clock record turn wake promote limits rest
local key, named = q .. ':limits', {}
for i = 3, #ARGV, 2 do
  named[ARGV[i]] = true
  if ARGV[i + 1] == '' then
    redis.call('HDEL', key, ARGV[i])
  elseif sub(ARGV[i], 1, 7) ~= 'paused:' or tonumber(redis.call('HGET', key, ARGV[i]) or 0) < tonumber(ARGV[i + 1]) then
    redis.call('HSET', key, ARGV[i], ARGV[i + 1])
  end
end
for _, field in ipairs(ARGV[2] == '1' and redis.call('HKEYS', key) or {}) do
  if not named[field] and (field == 'default' or sub(field, 1, 7) == 'tenant:') then
    redis.call('HDEL', key, field)
  end
end

-- seat: gives places to jobs that run, and have none, though their tenants may now have no more than so many.
local function seat(leases, ids, values)
  local tenants, some = {}, {}
  for i, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(ids))) do
    if readable(record) then
      tenants[#tenants + 1], some[#some + 1] = tenant_of(record), i
    end
  end
  for i, l in ipairs(#some > 0 and limits_of(tenants) or {}) do
    if l.places > 0 then
      redis.call('SADD', q .. ':running:' .. tenants[i], ids[some[i]])
      redis.call('HSET', leases, ids[some[i]], values[some[i]] .. ':p')
    end
  end
end

for _, holder in ipairs(redis.call('ZRANGE', q .. ':holders', 0, -1)) do
  local leases = q .. ':leases:' .. holder
  local held, ids, values = redis.call('HGETALL', leases), {}, {}
  for i = 1, #held, 2 do
    if not string.find(held[i + 1], ':p', 1, true) then
      ids[#ids + 1], values[#values + 1] = held[i], held[i + 1]
    end
    if #ids == 1000 or i + 1 == #held and #ids > 0 then
      seat(leases, ids, values)
      ids, values = {}, {}
    end
  end
end
while redis.call('EXISTS', q .. ':resting') == 1 do
  rested('+inf')
end
if redis.call('EXISTS', key) == 1 then
  redis.call('HSET', q, 'limited', '1')
else
  redis.call('HDEL', q, 'limited')
end
wake_all()
