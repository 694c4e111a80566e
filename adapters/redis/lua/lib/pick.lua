-- pick: takes ready jobs out of their lines: the most urgent first, and within a priority the tenants in turn.
-- Each of those whose turn it is gives an equal share of what is wanted, at least one and, while there are many
-- tenants, at most four; what one does not have the others give.
local function turns(ring, want, out)
  local tenants = redis.call('LPOP', ring, want > 16 and math.ceil(want / 4) or want)
  if not tenants then
    return false
  end
  local back = {}
  for i, tenant in ipairs(tenants) do
    local n = math.floor(want / #tenants) + (i <= want % #tenants and 1 or 0)
    local list = q .. ':ready:' .. sub(ring, -1) .. ':' .. tenant
    local got = redis.call('LPOP', list, n) or {}
    for _, id in ipairs(got) do
      out[#out + 1] = id
    end
    if #got == n and redis.call('EXISTS', list) == 1 then
      back[#back + 1] = tenant
    end
  end
  if #back > 0 then
    redis.call('RPUSH', ring, unpack(back))
  end
  return true
end

local function popped(want)
  local out = {}
  for level = 0, 4 do
    while #out < want and turns(q .. ':ring:' .. level, want - #out, out) do end
  end
  return out
end

-- admit: adds to the jobs picked those that may be leased. An entry of a job that is not ready is dropped.
local function admit(entries, ids, records)
  for i, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(entries))) do
    if readable(record) and not flagged(record, LINED) then
      ids[#ids + 1], records[#records + 1] = entries[i], record
    elseif readable(record) then
      redis.call('HSET', q .. ':jobs', entries[i], with_flags(record, byte(record, 2) - LINED))
    else
      unreadable(entries[i], record)
    end
  end
end

local function pick(want, with_suspect)
  local ids, records, suspect = {}, {}, 0
  if with_suspect then
    local id = redis.call('LPOP', q .. ':suspects')
    if id then
      admit({id}, ids, records)
      suspect = #ids
    end
  end
  for _ = 1, 20 do
    local entries = #ids < want and popped(want - #ids) or {}
    if #entries == 0 then
      return ids, records, suspect
    end
    admit(entries, ids, records)
  end
  sooner(now) -- nothing but dropped entries for long: go on in another call
  return ids, records, suspect
end
