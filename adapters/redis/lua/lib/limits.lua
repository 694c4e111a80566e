-- limits: what tenants may have. A limit begins with 'weight places interval burst waiting': how many jobs a turn is of; how many
-- may run at once, 0 for any number; the time from one start to the next (µs), 0 for none, and how many may start at
-- once; how many may wait, 0 for any number.

-- limits_of: the limits of some tenants, by their places.
local function limits_of(tenants)
  local fields, out = {'default'}, {}
  for _, tenant in ipairs(tenants) do
    fields[#fields + 1] = 'paused:' .. tenant
    fields[#fields + 1] = 'override:' .. tenant
    fields[#fields + 1] = 'tenant:' .. tenant
  end
  local found = redis.call('HMGET', q .. ':limits', unpack(fields))
  for i, tenant in ipairs(tenants) do
    local limit = found[3 * i] or found[3 * i + 1] or tenant ~= '' and found[1] or '1 0 0 1 0'
    local weight, places, interval, burst, waiting = string.match(limit, '^(%d+) (%d+) (%d+) (%d+) (%d+)')
    out[i] = {weight = tonumber(weight), places = tonumber(places), interval = tonumber(interval), burst = tonumber(burst), waiting = tonumber(waiting), paused = found[3 * i - 1]}
  end
  return out
end

-- look: notes how many jobs of the tenant there is room for, and the instant at which its next start would be even (µs).
-- That is the theoretical arrival time of GCRA; `rates` has it where it is ahead. See core.Rate.
local function look(tenant, l)
  l.room = math.huge
  if l.paused and tonumber(l.paused) > now then
    l.room, l.till = 0, tonumber(l.paused)
  elseif l.paused then
    redis.call('HDEL', q .. ':limits', 'paused:' .. tenant)
  end
  if l.places > 0 then
    l.room = math.min(l.room, l.places - redis.call('SCARD', q .. ':running:' .. tenant))
  end
  if l.interval > 0 then
    l.due = math.max(now * 1000, tonumber(redis.call('ZSCORE', q .. ':rates', tenant) or 0))
  end
end

-- allowed: how many jobs may start now.
local function allowed(l)
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
    local due = math.max(now * 1000, tonumber(redis.call('ZSCORE', q .. ':rates', tenant) or 0))
    redis.call('ZADD', q .. ':rates', string.format('%.0f', due + #ids * l.interval), tenant)
  end
end
