-- pick: takes ready jobs out of the lines of some tenants, the next ones of a priority's ring, each for
-- as many jobs as it has weight. Where more are wanted than that makes, all turns are longer by the same factor.
local function turns(level, tenants, want, out, left)
  local ring, ready = q .. ':ring:' .. level, q .. ':ready:' .. level .. ':'
  local factor, more, begun = math.floor(want / #tenants), want % #tenants, nil
  if limited then
    factor, more, begun = bounds.turn_of(level, tenants, want)
  end
  local front, back, laned = {}, {}, typed and bounds.types.lanes_of(level, tenants) or {}
  for i = 1, #tenants do
    local tenant, l, turn = tenants[i], plain, factor + (i <= more and 1 or 0)
    l = met[tenant] or plain
    turn = limited and (i == 1 and begun or l.weight * factor) or turn
    local n = math.min(turn, want, l.free and turn or bounds.allowed(l), wanted(tenant))
    local got, there, open = n, true, true
    if laned[i] and n > 0 then
      got, there, open = bounds.types.from_lanes(level .. ':' .. tenant, laned[i], n, l.weight, out)
    elseif not laned[i] then
      local some = n > 0 and redis.call('LPOP', ready .. tenant, n) or {}
      for k = 1, #some do
        out[#out + 1] = some[k]
      end
      got = #some
      there = got == n and redis.call('EXISTS', ready .. tenant) == 1
    end
    want = want - got
    if not l.free then
      bounds.charge(tenant, l, out, got)
    end
    given(tenant, got)
    if there then
      if not l.free and bounds.allowed(l) == 0 then
        bounds.repose(level, tenant, l, laned[i])
      elseif not open then
        redis.call('ZADD', q .. ':resting', '+inf', level .. ':' .. tenant)
      elseif n == turn then
        back[#back + 1] = tenant
      else -- cut short
        local first = most > 0 and wanted(tenant) == 0 and left or front
        first[#first + 1] = tenant
        if n > 0 then
          redis.call('HSET', q, 'left' .. level, (turn - n) .. ':' .. tenant)
        end
      end
    end
  end
  for i = #front, 1, -1 do
    redis.call('LPUSH', ring, front[i])
  end
  if #back > 0 then
    redis.call('RPUSH', ring, unpack(back))
  end
end
