-- popped: the entries of up to so many ready jobs, the most urgent first.
local function popped(want)
  local out = {}
  for level = 0, 4 do
    local left = {} -- tenants of whom no more is wanted
    while #out < want and turns(level, want - #out, out, left) do end
    if #left > 0 then
      redis.call('LPUSH', q .. ':ring:' .. level, unpack(left))
      more = 1
    end
  end
  return out
end
