-- wrong: for each sort of flaw, whether it is there, and what mends it. Those of lines are in unfit.
local wrong = {}

function wrong.type(name, want)
  local is = redis.call('TYPE', q .. name).ok
  return is ~= want and is ~= 'none', function()
    redis.call('RENAME', q .. name, q .. ':aside' .. name .. ':' .. string.format('%.0f', now))
    redis.call('HINCRBY', q .. ':counts', 'corrupt', 1)
  end
end

function wrong.lease(name)
  local holder = string.sub(name, 9)
  local listed = redis.call('ZSCORE', q .. ':holders', holder)
  local has = redis.call('EXISTS', q .. name) == 1
  return (listed and true or false) ~= has, function()
    if has then
      redis.call('ZADD', q .. ':holders', now, holder)
    else
      redis.call('ZREM', q .. ':holders', holder)
    end
  end
end

-- running: places of a tenant's that are of jobs that nobody holds.
function wrong.running(name)
  local stray = {}
  for _, id in ipairs(redis.call('SMEMBERS', q .. name)) do
    if not leased(id) then
      stray[#stray + 1] = id
    end
  end
  return #stray > 0, function()
    redis.call('SREM', q .. name, unpack(stray))
    rouse(string.sub(name, 10))
  end
end

-- old: what is left of a generation that should be gone.
function wrong.old(name)
  local gen = tonumber(string.match(name, '%d+$'))
  local at = tonumber(redis.call('HGET', q, 'gen') or 0)
  return gen ~= at and gen ~= at - 1 and redis.call('EXISTS', q .. name) == 1, function()
    redis.call('UNLINK', q .. name)
  end
end

-- rev: the counter of lease tokens, which must not give one that a job has had. It rises by two.
function wrong.rev(_, highest)
  local at = tonumber(redis.call('HGET', q, 'rev') or 0)
  return tonumber(highest) > at + 1, function()
    redis.call('HSET', q, 'rev', highest)
  end
end
