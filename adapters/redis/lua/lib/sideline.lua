-- sideline: sorts jobs of limited types out of the lines of their tenants.
-- sideline: puts a job at the end of its lane.
local function sideline(id, record, name)
  local at = byte(record, 23) .. ':' .. tenant_of(record)
  if redis.call('RPUSH', q .. ':ready:' .. at .. ' ' .. name, id) > 1 then
    return
  end
  local text = redis.call('HGET', q .. ':lanes', at)
  local names, behind = string.match(text or ' ', '^(.* )(.*)$')
  redis.call('HSET', q .. ':lanes', at, names .. name .. ' ' .. behind)
  meet({tenant_of(record)})
  if behind == '' then
    want(at, name, met[tenant_of(record)].weight)
  end
  if not text and redis.call('EXISTS', q .. ':ready:' .. at) == 0 then
    redis.call('ZADD', q .. ':resting', '+inf', at)
  end
end

-- sort_out: which of the jobs that were taken out of lines are to wait in lanes, and in which: those of a type that others wait for, and
-- all of one of which not all may start; so that in either case `share_out` says whose is next.
local function sort_out(entries, records)
  local types, by, out = {}, {}, {}
  for i, record in ipairs(records) do
    local name = not from_lane[entries[i]] and readable(record) and not flagged(record, LINED) and type_of(record)
    if name then
      if not by[name] then
        by[name], types[#types + 1] = {}, name
      end
      table.insert(by[name], i)
    end
  end
  meet_types(types)
  local awaited = #types > 0 and redis.call('ZMSCORE', q .. ':awaited', unpack(types)) or {}
  for k, name in ipairs(types) do
    local l = met[' ' .. name]
    local wait = not l.free and (awaited[k] or #by[name] > allowed(l))
    for _, i in ipairs(wait and by[name] or {}) do
      out[entries[i]] = name
    end
  end
  return out
end
