-- idle: how an operator moves jobs that nobody holds.

-- lift: takes the job out of where it waits. An entry in a ready list is left there, since to find it could
-- take long; gives whether there is one.
local function lift(id, record)
  if flagged(record, LINED) then
    for _, kind in ipairs({'scheduled', 'failed', 'cancelled'}) do
      redis.call('ZREM', q .. ':' .. kind, id)
    end
    return true
  end
  for _, kind in ipairs({'scheduled', 'retrying', 'failed', 'cancelled'}) do
    if redis.call('ZREM', q .. ':' .. kind, id) == 1 then
      return false
    end
  end
  return redis.call('LREM', q .. ':suspects', 1, id) == 0
end

-- refile: puts the changed job where it belongs. With an entry in line it either stays there, or is marked as
-- not being ready.
local function refile(id, what, instant, record, lined)
  if what == 'c' then
    redis.call('HINCRBY', q .. ':counts', 'cancelled', 1)
  end
  if (what == 'p' or what == 'r') and instant <= now then
    if not lined then
      record = line(id, record, false)
    end
    redis.call('HSET', q .. ':jobs', id, record)
    return 1
  end
  redis.call('HSET', q .. ':jobs', id, lined and with_flags(record, LINED) or record)
  local kinds = {p = 'scheduled', r = 'retrying', f = 'failed', c = 'cancelled'}
  if what == 'p' or what == 'r' then
    return wait_for(kinds[what], id, instant)
  end
  redis.call('ZADD', q .. ':' .. kinds[what], instant, id)
  return 0
end

-- raise: makes sure that no lease will have a rev that a job has had.
local function raise(rev)
  if tonumber(redis.call('HGET', q, 'rev') or 0) < rev then
    redis.call('HSET', q, 'rev', rev)
  end
end
