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

-- trace_of: what is kept of a tenant's job besides its ID when its record is not. No record begins so.
local function trace_of(tenant)
  return tenant ~= '' and '\0' .. tenant or ''
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

-- free: gives back the places of leased jobs whose tenants may have no more than so many. Called while their records are
-- there. Gives how many of those who wait for work are to be told.
local function free(ids)
  local by, woken = {}, 0
  for i, record in ipairs(#ids > 0 and redis.call('HMGET', q .. ':jobs', unpack(ids)) or {}) do
    if readable(record) then
      local tenant = tenant_of(record)
      by[tenant] = by[tenant] or {}
      table.insert(by[tenant], ids[i])
    end
  end
  for tenant, some in pairs(by) do
    redis.call('SREM', q .. ':running:' .. tenant, unpack(some))
    if rouse(tenant) then
      woken = woken + #some
    end
  end
  return woken
end
