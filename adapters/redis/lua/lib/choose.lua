-- choose: the jobs for a lease.

-- suspected: the next of those that must be leased alone, if its tenant and its type may start one.
local function suspected()
  local id = redis.call('LPOP', q .. ':suspects')
  local record = id and (limited or typed) and redis.call('HGET', q .. ':jobs', id)
  if readable(record) then
    local tenant, name = tenant_of(record), typed and type_of(record) or ''
    meet({tenant})
    meet_types({name})
    if allowed(met[tenant]) == 0 or name ~= '' and allowed(met[' ' .. name]) == 0 then
      redis.call('RPUSH', q .. ':suspects', id)
      return
    end
    from_lane[id] = true
  end
  return id
end

local function pick(want, with_suspect)
  local ids, records, suspect = {}, {}, 0
  if with_suspect then
    local id = suspected()
    if id then
      admit({id}, ids, records)
      suspect = #ids
    end
  end
  for _ = 1, 20 do
    met, stirred = {}, false
    if typed and #ids < want then
      grant_all()
    end
    local entries = #ids < want and popped(want - #ids) or {}
    if #entries > 0 then
      admit(entries, ids, records)
    elseif not stirred then
      return ids, records, suspect
    end
  end
  sooner(now) -- nothing but entries that were dropped, or sorted out, for long: go on in another call
  return ids, records, suspect
end
