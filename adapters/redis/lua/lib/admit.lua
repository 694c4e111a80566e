-- admit: adds to the jobs picked those that may be leased. An entry of a job that is not ready is dropped.
local placed = {} -- those that take a place of their tenant's

local function admit(entries, ids, records)
  local starting = {}
  for i, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(entries))) do
    local id = entries[i]
    if readable(record) and not flagged(record, LINED) then
      ids[#ids + 1], records[#records + 1] = id, record
      local l = limited and met[tenant_of(record)]
      if l and not l.free then
        starting[l] = starting[l] or {tenant = tenant_of(record)}
        table.insert(starting[l], id)
        placed[id] = l.places > 0
      end
    elseif readable(record) then
      redis.call('HSET', q .. ':jobs', id, with_flags(record, byte(record, 2) - LINED))
    else
      unreadable(id, record)
    end
  end
  for l, some in pairs(starting) do
    start(some.tenant, l, some)
  end
end

-- suspected: the next of those that must be leased alone, if its tenant may start one.
local function suspected()
  local id = redis.call('LPOP', q .. ':suspects')
  local record = id and limited and redis.call('HGET', q .. ':jobs', id)
  if readable(record) then
    meet({tenant_of(record)})
    if allowed(met[tenant_of(record)]) == 0 then
      redis.call('RPUSH', q .. ':suspects', id)
      return
    end
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
    met = {}
    local entries = #ids < want and popped(want - #ids) or {}
    if #entries == 0 then
      return ids, records, suspect
    end
    admit(entries, ids, records)
  end
  sooner(now) -- nothing but dropped entries for long: go on in another call
  return ids, records, suspect
end
