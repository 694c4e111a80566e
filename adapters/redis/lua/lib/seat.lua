-- seat: gives places to jobs that run, and have none, though their tenants, their types or the queue may now have no more than so many.
local function seat(leases, ids, values, capped)
  local some, tenants, types = {}, {}, {}
  for i, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(ids))) do
    if readable(record) then
      some[#some + 1], tenants[#tenants + 1], types[#types + 1] = i, tenant_of(record), ' ' .. (type_of(record) or '-')
    end
  end
  local function mark(i, flag)
    if not string.find(values[i], flag, 1, true) then
      values[i] = values[i] .. flag
      redis.call('HSET', leases, ids[i], values[i])
    end
  end
  local function place(subjects, flag)
    for k, l in ipairs(#some > 0 and limits_of(subjects) or {}) do
      if l.places > 0 then
        redis.call('SADD', q .. ':running:' .. subjects[k], ids[some[k]])
        mark(some[k], flag)
      end
    end
  end
  place(tenants, ':p')
  place(types, ':t')
  for k = 1, capped and #some or 0 do
    mark(some[k], ':q')
  end
end

local function seat_all(capped)
  for _, holder in ipairs(redis.call('ZRANGE', q .. ':holders', 0, -1)) do
    local leases = q .. ':leases:' .. holder
    local held, ids, values = redis.call('HGETALL', leases), {}, {}
    for i = 1, #held, 2 do
      ids[#ids + 1], values[#values + 1] = held[i], held[i + 1]
      if #ids == 1000 or i + 1 == #held then
        seat(leases, ids, values, capped)
        ids, values = {}, {}
      end
    end
  end
end
