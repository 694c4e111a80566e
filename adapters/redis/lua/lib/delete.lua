-- delete: how jobs that nobody holds are let go of.

-- unline: takes the job's entry out of its ready list, however long that is.
local function unline(id, record)
  local level, tenant = byte(record, 23), tenant_of(record)
  local at, name = level .. ':' .. tenant, type_of(record)
  local list = q .. ':ready:' .. at
  local lane = list .. ' ' .. (name or '')
  if redis.call('LREM', list, 1, id) == 0 and redis.call('LREM', lane, 1, id) == 1 and redis.call('EXISTS', lane) == 0 then
    drop_lane(at, name)
  end
  if redis.call('EXISTS', list) == 0 and redis.call('HEXISTS', q .. ':lanes', at) == 0 then
    leave(level, tenant)
  end
end

-- erase: lets go of a completed job that is kept, but for its ID. Its entry in the history stays, and is not counted.
-- Gives whether the job was there as the operator saw it.
local function erase(id, rev, kept_until)
  local gen = redis.call('HGET', q, 'gen')
  for n = gen or 0, gen and gen - 1 or 1, -1 do
    local record = redis.call('HGET', q .. ':done:' .. n, id)
    if readable(record) and rev_of(record) == rev then
      redis.call('HSET', q .. ':done:' .. n, id, trace_of(tenant_of(record)))
      redis.call('ZADD', q .. ':erased:' .. n, kept_until, id)
      return true
    end
  end
  return false
end
