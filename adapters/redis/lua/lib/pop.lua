-- pop: takes up to n jobs out of a list. Gives how many.
local from_lane = {} -- the jobs that need not be sorted out any more

local function pop(list, n, out)
  local some = n > 0 and redis.call('LPOP', list, n) or {}
  for k = 1, #some do
    out[#out + 1] = some[k]
  end
  return #some
end

-- charge: takes jobs that were popped off what their tenant may start. `settle_up` undoes that for those that do not start.
local charged = {}

local function charge(tenant, l, out, n)
  if l.free then
    return
  end
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
