-- limits: what tenants may have. A limit begins with 'closed till weight places interval burst waiting': whether jobs are taken in, 0
-- for yes, 1 for no, 2 for none at all; until when the tenant is paused (ms), 0 for not; how many jobs a turn is of; how many may run at once, 0 for any number; the time from one start to the
-- next (µs), 0 for none, and how many may start at once; how many may wait, 0 for any number.
local NONE, parsed = '1 0 0 1 0', {}

local function parse(text)
  local closed, till, weight, places, interval, burst, waiting = string.match(text, '^(%d) (%S+) (%d+) (%d+) (%d+) (%d+) (%d+)')
  local l = {closed = tonumber(closed), till = tonumber(till), weight = tonumber(weight), places = tonumber(places), interval = tonumber(interval),
    burst = tonumber(burst), waiting = tonumber(waiting)}
  l.free = l.till == 0 and l.places == 0 and l.interval == 0 -- it has a weight, and may start any number
  parsed[text] = l
  return l
end

-- shares_default: whether what is configured for all holds for a tenant; not for nobody, for a job type (a space and its name) and for the queue
-- as a whole (two spaces).
local function shares_default(subject)
  return (byte(subject) or 32) ~= 32
end

-- limits_of: the limits of some tenants, by their places. '=' and the tenant's name is what holds of all that is said of him,
-- '= ' is the default.
local function limits_of(tenants)
  local fields, out = {'= '}, {}
  for i = 1, #tenants do
    fields[i + 1] = '=' .. tenants[i]
  end
  local found = redis.call('HMGET', q .. ':limits', unpack(fields))
  for i = 1, #tenants do
    local text = found[i + 1] or shares_default(tenants[i]) and found[1] or '0 0 ' .. NONE
    out[i] = parsed[text] or parse(text)
  end
  return out
end

-- renew: writes what holds for a tenant of all that is said.
local function renew(tenant)
  local key = q .. ':limits'
  local said = redis.call('HMGET', key, 'override:' .. tenant, 'tenant:' .. tenant, 'tier:' .. tenant, 'default',
    'paused:' .. tenant, 'closed:' .. tenant, 'purging:' .. tenant)
  if said[1] or said[2] or said[3] or said[5] or said[6] or said[7] then
    local limit = said[1] or said[2] or said[3] or shares_default(tenant) and said[4] or NONE
    local before = said[7] and '2 inf ' or (said[6] and '1 ' or '0 ') .. (said[5] or '0') .. ' '
    redis.call('HSET', key, '=' .. tenant, before .. limit)
  else
    redis.call('HDEL', key, '=' .. tenant)
  end
end
