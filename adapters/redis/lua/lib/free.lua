-- free: gives back what leases took of limits when they end. The value of a lease says that: p, one of its tenant's places; q, one of
-- the queue's.

-- note: keeps the ID of a lease that ends for `free`, if there is anything to give back.
local function note(placed, id, value)
  if string.find(value, ':[pq]') then
    placed[#placed + 1], placed[id] = id, value
  end
end

-- free: gives back the places of leases that have ended. Called while the records are there. Gives how many of those who wait for work
-- are to be told.
local function free(placed)
  local by, woken, ours = {}, 0, 0
  for i, record in ipairs(#placed > 0 and redis.call('HMGET', q .. ':jobs', unpack(placed)) or {}) do
    local id, value = placed[i], placed[placed[i]]
    if readable(record) and string.find(value, ':p', 1, true) then
      local tenant = tenant_of(record)
      by[tenant] = by[tenant] or {}
      table.insert(by[tenant], id)
    end
    if string.find(value, ':q', 1, true) then
      ours = ours + 1
    end
  end
  for tenant, some in pairs(by) do
    redis.call('SREM', q .. ':running:' .. tenant, unpack(some))
    if rouse(tenant) then
      woken = woken + #some
    end
  end
  if ours > woken and ready_left() then
    woken = ours
  end
  return woken
end
