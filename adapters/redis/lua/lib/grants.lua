-- grants: looks at the types that jobs wait for.
local function grant_all()
  local found, types = redis.call('ZRANGE', q .. ':awaited', 0, 99, 'WITHSCORES'), {}
  granted = {}
  for i = 1, #found, 2 do
    local due = tonumber(found[i + 1])
    if due <= now then
      types[#types + 1] = found[i]
    elseif due < 1 / 0 then
      sooner(due)
      break
    end
  end
  meet_types(types)
  for _, name in ipairs(types) do
    local l = met[' ' .. name]
    local room = math.min(100, allowed(l))
    if room == 0 then
      local from = from_when(l)
      redis.call('ZADD', q .. ':awaited', from < 1 / 0 and from or '+inf', name)
      if from < 1 / 0 then
        sooner(from)
      end
    elseif not l.free then
      share_out(name, room)
    end
  end
end

-- may_take: how many jobs of a lane may start.
local function may_take(name, at)
  if name == '' or met[' ' .. name].free then
    return math.huge
  end
  return granted[name] and granted[name][at] or 0
end

local function took(name, at, n, weight)
  local l = met[' ' .. name]
  if name ~= '' and not l.free and n > 0 then
    granted[name][at] = granted[name][at] - n
    taken(l, n)
    redis.call('ZINCRBY', q .. ':wanting:' .. name, n / weight, at)
  end
end

-- drains: whether there is a lane left whose type has no limit any more.
local function drains(names, dry)
  for _, name in ipairs(names) do
    if name ~= '' and not dry[name] and met[' ' .. name].free then
      return true
    end
  end
  return false
end
