-- meet: looks at the limits of tenants whose turn has come.
local plain = {weight = 1, places = 0, interval = 0, room = math.huge}
local limited, met = false, {} -- met: the limits of tenants whose turn came

local function meet(tenants)
  local fresh = {}
  for _, tenant in ipairs(limited and tenants or {}) do
    if not met[tenant] then
      fresh[#fresh + 1] = tenant
    end
  end
  for i, l in ipairs(#fresh > 0 and limits_of(fresh) or {}) do
    look(fresh[i], l)
    met[fresh[i]] = l
  end
end

-- turn_of: by what factor of its weight each has a turn, and how many of the first have one more. Without limits they share
-- what is wanted. What is left of a turn that was cut short comes first.
local function turn_of(level, tenants, want)
  if not limited then
    return math.floor(want / #tenants), want % #tenants
  end
  local all = 0
  for _, tenant in ipairs(tenants) do
    all, met[tenant].left = all + met[tenant].weight, nil
  end
  local left, whose = string.match(redis.call('HGET', q, 'left' .. level) or '', '^(%d+):(.*)$')
  if left then
    redis.call('HDEL', q, 'left' .. level)
    met[tenants[1]].left = whose == tenants[1] and tonumber(left) or nil
  end
  return math.max(1, math.floor(want / all)), 0
end
