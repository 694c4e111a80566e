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

-- count: of how many tenants, or job types, something is said stands in the queue's own fields, so that what is not there costs nothing.
-- That of types stays, at 0, until no jobs stand in lanes any more.
local function count(kind, more)
  if more ~= 0 and redis.call('HINCRBY', q, kind, more) == 0 and not (kind == 'typed' and redis.call('EXISTS', q .. ':lanes') == 1) then
    redis.call('HDEL', q, kind)
  end
end

-- renew: writes what holds for a subject of all that is said; for the queue as a whole, among its own fields.
local function renew(subject)
  local key, holds = q .. ':limits', nil
  local said = redis.call('HMGET', key, 'override:' .. subject, 'tenant:' .. subject, 'tier:' .. subject, 'default',
    'paused:' .. subject, 'closed:' .. subject, 'purging:' .. subject)
  if said[1] or said[2] or said[3] or said[5] or said[6] or said[7] then
    local limit = said[1] or said[2] or said[3] or shares_default(subject) and said[4] or NONE
    holds = (said[7] and '2 inf ' or (said[6] and '1 ' or '0 ') .. (said[5] or '0') .. ' ') .. limit
  end
  if subject ~= '  ' then
    count(sub(subject, 1, 1) == ' ' and 'typed' or 'limited',
      holds and redis.call('HSET', key, '=' .. subject, holds) or -redis.call('HDEL', key, '=' .. subject))
  elseif holds then
    redis.call('HSET', q, 'whole', holds)
    redis.call('HDEL', q, 'offer')
  else
    redis.call('HDEL', q, 'whole')
  end
end
