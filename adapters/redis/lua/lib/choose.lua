-- choose: the jobs for a lease.

-- suspected: the next of those that must be leased alone, if it may start; of the first ten, those that may not go to the end.
local function suspected()
  local first
  for _ = 1, 10 do
    local id = redis.call('LPOP', q .. ':suspects')
    local record = id and (limited or typed) and redis.call('HGET', q .. ':jobs', id)
    local tenant = readable(record) and tenant_of(record)
    local kind = tenant and typed and type_of(record) or nil
    if tenant then
      bounds.meet({tenant, kind and ' ' .. kind or nil})
    end
    if not tenant or bounds.allowed(met[tenant]) > 0 and not (kind and bounds.allowed(met[' ' .. kind]) == 0) then
      from_lane[id or ''] = true
      return id
    end
    redis.call('RPUSH', q .. ':suspects', id)
    if id == first then
      return
    end
    first = first or id
  end
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
      bounds.types.grant_all()
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
