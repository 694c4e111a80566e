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

local function seat_all()
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
end
