-- even: turns where nothing has limits: the tenants share what is wanted, so that nobody's turn is cut short.
local function even_turns(level, tenants, want, out)
  local ready, share, more = q .. ':ready:' .. level .. ':', math.floor(want / #tenants), want % #tenants
  local lines, back, m = {}, {}, #out
  for i = 1, #tenants do
    local line, n = ready .. tenants[i], share + (i <= more and 1 or 0)
    local some = redis.call('LPOP', line, n) or {}
    for k = 1, #some do
      out[m + k] = some[k]
    end
    m = m + #some
    if #some == n then
      lines[#lines + 1], back[#back + 1] = line, tenants[i]
    end
  end
  if #lines > 0 and redis.call('EXISTS', unpack(lines)) < #lines then -- mostly all have more
    back = {}
    for i = 1, #lines do
      if redis.call('EXISTS', lines[i]) == 1 then
        back[#back + 1] = string.sub(lines[i], #ready + 1)
      end
    end
  end
  if #back > 0 then
    redis.call('RPUSH', q .. ':ring:' .. level, unpack(back))
  end
end
