-- meet: looks at the limits of tenants whose turn has come, and of job types (a space and the name), which are then in met.
local function meet(subjects)
  local fresh = {}
  for _, one in ipairs(subjects) do
    if not met[one] and (limited or sub(one, 1, 1) == ' ') then
      fresh[#fresh + 1] = one
    end
    met[one] = met[one] or plain
  end
  for i, l in ipairs(#fresh > 0 and limits_of(fresh) or {}) do
    met[fresh[i]] = l.free and l or look(fresh[i], l)
  end
end

-- turn_of: by what factor of its weight each has a turn, how many of the first have one more, and how many jobs are left of a
-- turn of the first that was cut short.
local function turn_of(level, tenants, want)
  meet(tenants)
  local all = 0
  for i = 1, #tenants do
    all = all + met[tenants[i]].weight
  end
  local left, whose = string.match(redis.call('HGET', q, 'left' .. level) or '', '^(%d+):(.*)$')
  if left then
    redis.call('HDEL', q, 'left' .. level)
  end
  return math.max(1, math.floor(want / all)), 0, whose == tenants[1] and tonumber(left) or nil
end

-- charge: takes jobs that were popped off what their tenant may start. `settle_up` undoes that for those that do not start.
local charged = {}

local function charge(tenant, l, out, n)
  taken(l, n)
  for k = #out - n + 1, #out do
    charged[out[k]] = tenant
  end
end

-- settle_up: a tenant has another turn, and need not rest, for a job that does not start.
local function settle_up(id)
  if charged[id] then
    rouse(charged[id])
  end
end
