-- stand: puts new jobs of a tenant at the end of its line. Gives of how many to tell those who wait for work: of a tenant that rests there is
-- nothing to tell.
local function stand(level, tenant, ids)
  local at = level .. ':' .. tenant
  local first = redis.call('RPUSH', q .. ':ready:' .. at, unpack(ids)) == #ids
  if first and typed then
    enter(level, tenant)
    return #ids
  end
  if limited and redis.call('ZSCORE', q .. ':resting', at) then
    return 0
  end
  if first then
    redis.call('RPUSH', q .. ':ring:' .. level, tenant)
  end
  return #ids
end
