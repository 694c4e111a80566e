-- quota: how many more jobs tenants may have waiting, and whether any are taken in.
local quotas = {}

-- in_lanes: how many of a tenant's jobs stand beside its line.
local function in_lanes(level, tenant)
  local at, n = level .. ':' .. tenant, 0
  for name in string.gmatch(typed and redis.call('HGET', q .. ':lanes', at) or '', '([^ ]+) ') do
    n = n + redis.call('LLEN', q .. ':ready:' .. at .. ' ' .. name)
  end
  return n
end

-- quota_of: the quota of a tenant; nil or false for none. Its `spare` is for the caller to count down.
local function quota_of(tenant)
  if quotas[tenant] == nil then
    local l = limits_of({tenant})[1]
    local bound = l.waiting > 0 or l.closed > 0
    quotas[tenant] = bound and {closed = l.closed, limit = l.waiting, spare = math.huge, retry = l.interval > 0 and l.interval or 1000000}
    if l.waiting > 0 then
      quotas[tenant].spare = l.waiting
      for level = 0, 4 do
        quotas[tenant].spare = quotas[tenant].spare - redis.call('LLEN', q .. ':ready:' .. level .. ':' .. tenant) - in_lanes(level, tenant)
      end
    end
  end
  return quotas[tenant]
end

-- exceeds: whether a job more is over the quota, or too late, and counts it if not. Of one that is it notes the number.
local function exceeds(quota, n, follows)
  if quota.closed > (follows and 1 or 0) then
    over[#over + 1], over[#over + 2], over[#over + 3] = n, -1, 0
    return true
  end
  if quota.spare <= 0 then
    over[#over + 1], over[#over + 2], over[#over + 3] = n, quota.limit, quota.retry
    return true
  end
  quota.spare = quota.spare - 1
  return false
end
