-- meet: looks at the limits of tenants whose turn has come, and of job types (a space and the name).
local plain = {weight = 1, free = true}
local limited, met = false, {} -- met: the limits of those

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
-- turn of the first that was cut short. Without limits they share what is wanted.
local function turn_of(level, tenants, want)
  if not limited then
    return math.floor(want / #tenants), want % #tenants
  end
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
