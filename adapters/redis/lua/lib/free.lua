-- free: gives back the places of leases that have ended. Called while the records are there. Gives how many of those who wait for work
-- are to be told.
local function free(placed)
  local by, woken, ours = {}, 0, 0
  local function add(subject, id)
    by[subject] = by[subject] or {}
    table.insert(by[subject], id)
  end
  for i, record in ipairs(#placed > 0 and redis.call('HMGET', q .. ':jobs', unpack(placed)) or {}) do
    local id, value = placed[i], placed[placed[i]]
    if readable(record) and string.find(value, ':p', 1, true) then
      add(tenant_of(record), id)
    end
    if readable(record) and string.find(value, ':t', 1, true) then
      add(' ' .. (type_of(record) or ''), id)
    end
    if string.find(value, ':q', 1, true) then
      ours = ours + 1
    end
  end
  for subject, some in pairs(by) do
    redis.call('SREM', q .. ':running:' .. subject, unpack(some))
    if rouse(subject) then
      woken = woken + #some
    end
  end
  if ours > woken and ready_left() then
    woken = ours
  end
  return woken
end
