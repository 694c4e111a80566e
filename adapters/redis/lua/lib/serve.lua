-- serve: takes jobs out of the lines of some tenants, the next ones of a priority's ring, each for the same part of what is wanted. Of whom the holder
-- has his share, though more would be his turn, is kept out of the ring until all are chosen.
local ready, tenants, lines = q .. ':ready:' .. sub(next[1], -1) .. ':', next[2], {}
local part, rest = math.floor(want / #tenants), want % #tenants
for i = 1, #tenants do
  local tenant, turn = tenants[i], part + (i <= rest and 1 or 0)
  local line, n = ready .. tenant, turn
  if most > 0 then
    n = math.max(0, math.min(turn, most - (has[tenant] or 0)))
    has[tenant] = (has[tenant] or 0) + n
  end
  local some = n > 0 and redis.call('LPOP', line, n) or {}
  for k = 1, #some do
    entries[m + k] = some[k]
  end
  m = m + #some
  if #some == n and n == turn then
    lines[#lines + 1] = line
  elseif #some == n and redis.call('EXISTS', line) == 1 then
    full[next[1]] = full[next[1]] or {}
    table.insert(full[next[1]], 1, tenant)
  end
end
local back = tenants
if #lines < #tenants or redis.call('EXISTS', unpack(lines)) < #lines then -- mostly all have more
  back = {}
  for i = 1, #lines do
    if redis.call('EXISTS', lines[i]) == 1 then
      back[#back + 1] = sub(lines[i], #ready + 1)
    end
  end
end
if #back > 0 then
  redis.call('RPUSH', next[1], unpack(back))
end
