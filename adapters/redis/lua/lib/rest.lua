-- rest: how tenants rest that may start nothing, and for how long.

-- from_when: the instant from which one that may start nothing may by itself (ms).
local function from_when(l)
  if l.room > 0 then
    return math.ceil((l.due - (l.burst - 1) * l.interval) / 1000)
  end
  return l.till or 1 / 0
end

-- repose: lets a tenant that may start none rest: until its rate allows it, or something happens. One with lanes stands back.
local function repose(level, tenant, l, laned)
  local again = from_when(l)
  if again < 1 / 0 then
    sooner(again)
  end
  redis.call('ZADD', q .. ':resting', again < 1 / 0 and again or '+inf', level .. ':' .. tenant)
  if laned then
    bounds.types.stand_back(level .. ':' .. tenant, l)
  end
end

-- rested: up to 100 of those whose time has come rest no more.
local function rested(time)
  local over = redis.call('ZRANGE', q .. ':resting', '-inf', time, 'BYSCORE', 'LIMIT', 0, 100)
  for _, member in ipairs(over) do
    redis.call('RPUSH', q .. ':ring:' .. sub(member, 1, 1), sub(member, 3))
  end
  if #over > 0 then
    redis.call('ZREM', q .. ':resting', unpack(over))
  end
  local head = redis.call('ZRANGE', q .. ':resting', 0, 0, 'WITHSCORES')[2]
  if head and head ~= 'inf' then
    sooner(tonumber(head))
  end
end
