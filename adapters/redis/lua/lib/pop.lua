-- pop: takes up to n jobs out of a list. Gives how many.
local function pop(list, n, out)
  local some = n > 0 and redis.call('LPOP', list, n) or {}
  for k = 1, #some do
    out[#out + 1] = some[k]
  end
  return #some
end
