-- turn: a tenant that has ready jobs of a priority is in that priority's ring or, while a limit keeps it from starting any,
-- among those that rest.
local function enter(level, tenant)
  if not redis.call('ZSCORE', q .. ':resting', level .. ':' .. tenant) then
    redis.call('RPUSH', q .. ':ring:' .. level, tenant)
  end
end

local function leave(level, tenant)
  redis.call('LREM', q .. ':ring:' .. level, 1, tenant)
  redis.call('ZREM', q .. ':resting', level .. ':' .. tenant)
end

-- tenant_of: whose the job is.
local function tenant_of(record)
  return sub(record, 25, 24 + byte(record, 24))
end

-- rouse: lets a tenant rest no more, in any priority. Gives whether it did.
local function rouse(tenant)
  local members = {'0:' .. tenant, '1:' .. tenant, '2:' .. tenant, '3:' .. tenant, '4:' .. tenant}
  local roused = false
  for i, at in ipairs(redis.call('ZMSCORE', q .. ':resting', unpack(members))) do
    if at then
      redis.call('ZREM', q .. ':resting', members[i])
      redis.call('RPUSH', q .. ':ring:' .. (i - 1), tenant)
      roused = true
    end
  end
  return roused
end
