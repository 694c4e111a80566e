-- unfit: flaws of lines and lanes, and what mends them.

-- line: a ready list whose tenant has no turn, and does not rest; turn: a tenant who does, and has no list, nor a lane.
function wrong.line(name)
  local level, tenant = string.match(name, '^:ready:(%d):([^ ]*)')
  local ring, at = q .. ':ring:' .. level, level .. ':' .. tenant
  local turns = #redis.call('LPOS', ring, tenant, 'COUNT', 2) + (redis.call('ZSCORE', q .. ':resting', at) and 1 or 0)
  local due = math.max(redis.call('EXISTS', q .. ':ready:' .. at), redis.call('HEXISTS', q .. ':lanes', at))
  return turns ~= due, function()
    redis.call('LREM', ring, 0, tenant)
    redis.call('ZREM', q .. ':resting', at)
    if due == 1 then
      redis.call('RPUSH', ring, tenant)
    end
  end
end
wrong.turn = wrong.line

-- lane: one that is not among those of its tenant, or does not wait for its type; or that is said to be there, or to wait, and is not.
function wrong.lane(name)
  local at, kind = string.match(name, '^:ready:(%d:[^ ]*) (.*)$')
  local text, named = redis.call('HGET', q .. ':lanes', at) or ' ', false
  for _, one in ipairs(names_of(text)) do
    named = named or one == kind
  end
  local there, wants = redis.call('EXISTS', q .. name) == 1, redis.call('ZSCORE', q .. ':wanting:' .. kind, at)
  local waits = wants and redis.call('ZSCORE', q .. ':awaited', kind)
  local is = named ~= there or not there and wants or there and sub(text, -1) == ' ' and not waits
  return is and true or false, function()
    if there then
      redis.call('HSET', q .. ':lanes', at, (string.match(text, '^.* ') or ' ') .. (named and '' or kind .. ' '))
      want(at, kind, 1)
      redis.call('HSETNX', q, 'typed', '0')
    else
      drop_lane(at, kind)
    end
    if redis.call('ZREM', q .. ':resting', at) == 1 then
      redis.call('RPUSH', q .. ':ring:' .. sub(at, 1, 1), sub(at, 3))
    end
  end
end
