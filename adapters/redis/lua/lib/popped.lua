-- popped: the entries of up to so many ready jobs, the most urgent first.
local function popped(want)
  local out, ring, left = {}, q .. ':ring:', {} -- left: by level, tenants of whom no more is wanted
  while #out < want do
    local n = want - #out
    local next = redis.call('LMPOP', '5', ring .. '0', ring .. '1', ring .. '2', ring .. '3', ring .. '4', 'LEFT', 'COUNT', math.min(n, math.max(4, math.ceil(n / 9))))
    if not next then
      break
    end
    local level = tonumber(sub(next[1], -1))
    left[level] = left[level] or {}
    turns(level, next[2], n, out, left[level])
  end
  for level, tenants in pairs(left) do
    for i = #tenants, 1, -1 do -- in the order in which they were
      redis.call('LPUSH', ring .. level, tenants[i])
      more = 1
    end
  end
  return out
end
