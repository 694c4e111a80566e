-- turn: a tenant that has ready jobs of a priority is in that priority's ring or, while a limit keeps it from starting any,
-- among those that rest. Its jobs stand in its line, and those of limited types that had to wait in lanes beside it; see lane.
local function enter(level, tenant)
  local at = level .. ':' .. tenant
  local rests = redis.call('ZSCORE', q .. ':resting', at) and true or false
  local laned = typed ~= false and redis.call('HEXISTS', q .. ':lanes', at) == 1 -- then it has a turn, or rests, already
  if laned and rests then
    redis.call('ZREM', q .. ':resting', at)
  end
  if laned == rests then
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

-- type_of: of what type the job is; nil where the record does not say it. Its length comes before it, seven bits a byte, the lowest first.
local function type_of(record)
  local at = 25 + byte(record, 24)
  local size = byte(record, at) or 0
  if size >= 128 then
    at, size = at + 1, size - 128 + 128 * (byte(record, at + 1) or 0)
  end
  return string.match(sub(record, at + 1, at + size), '^[!-~]+$')
end

-- rouse: lets a tenant rest no more, in any priority; or has a job type (a space and its name) looked at again, if jobs wait for
-- it. Gives whether it did.
local function rouse(subject)
  if sub(subject, 1, 1) == ' ' then
    local awaited = redis.call('ZSCORE', q .. ':awaited', sub(subject, 2))
    if awaited then
      redis.call('ZADD', q .. ':awaited', 0, sub(subject, 2))
    end
    return awaited and true or false
  end
  local members = {'0:' .. subject, '1:' .. subject, '2:' .. subject, '3:' .. subject, '4:' .. subject}
  local roused = false
  for i, at in ipairs(redis.call('ZMSCORE', q .. ':resting', unpack(members))) do
    if at then
      redis.call('ZREM', q .. ':resting', members[i])
      redis.call('RPUSH', q .. ':ring:' .. (i - 1), subject)
      roused = true
    end
  end
  return roused
end
