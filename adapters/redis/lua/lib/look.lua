-- look: notes how many jobs of the tenant there is room for, and the instant at which its next start would be even (µs).
-- That is the theoretical arrival time of GCRA; `rates` has it where it is ahead. See core.Rate. Of the queue as a whole the caller
-- says how many of its jobs are leased.
local function look(tenant, p, leased)
  local l = {weight = p.weight, places = p.places, interval = p.interval, burst = p.burst, room = math.huge}
  if p.till > now then
    l.room, l.till = 0, p.till
  elseif p.till > 0 then
    redis.call('HDEL', q .. ':limits', 'paused:' .. tenant)
    renew(tenant)
  end
  if l.places > 0 then
    l.room = math.min(l.room, l.places - (leased or redis.call('SCARD', q .. ':running:' .. tenant)))
  end
  if l.interval > 0 then
    l.due = math.max(now * 1000, tonumber(redis.call('ZSCORE', q .. ':rates', tenant) or 0))
    l.even = l.due
  end
  return l
end

-- allowed: how many jobs may start now.
local function allowed(l)
  if l.free then
    return math.huge
  end
  return math.max(0, math.min(l.room, l.due and math.floor((now * 1000 - l.due) / l.interval) + l.burst or math.huge))
end

local function taken(l, n)
  l.room = l.room - n
  if l.due then
    l.due = l.due + n * l.interval
  end
end

-- start: notes that jobs of the tenant start.
local function start(tenant, l, ids)
  if l.places > 0 then
    redis.call('SADD', q .. ':running:' .. tenant, unpack(ids))
  end
  if l.interval > 0 then
    redis.call('ZADD', q .. ':rates', string.format('%.0f', l.even + #ids * l.interval), tenant)
  end
end
