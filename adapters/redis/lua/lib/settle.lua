-- settle: files one job that goes on, or ended without success. Gives how many of those who wait are to be told.
local names = {f = 'failed', c = 'cancelled', r = 'retried'}

local function wait_for(kind, id, due)
  local head = redis.call('ZRANGE', q .. ':' .. kind, 0, 0)[1]
  redis.call('ZADD', q .. ':' .. kind, due, id)
  if redis.call('ZRANGE', q .. ':' .. kind, 0, 0)[1] ~= head then
    return 1
  end
  return 0
end

local function settle(id, what, instant, record, value)
  local final = what == 'f' or what == 'c'
  if not final and string.find(value, ':c', 1, true) then -- to be cancelled: by whoever leases it next, at once
    what, instant = 'p', math.min(instant, now)
    record = sub(record, 1, 1) .. char(CANCELLING, byte(record, 3), PENDING) .. sub(record, 5, 16) .. struct.pack('>I6', instant) .. sub(record, 23)
  end
  if names[what] then
    redis.call('HINCRBY', q .. ':counts', names[what], 1)
  end
  if final then
    redis.call('HSET', q .. ':jobs', id, record)
    redis.call('ZADD', q .. ':' .. names[what], instant, id)
    return 0
  end
  if instant > now then
    redis.call('HSET', q .. ':jobs', id, record)
    return wait_for(what == 'r' and 'retrying' or 'scheduled', id, instant)
  end
  local since = tonumber(string.match(value, '^%d+:(%d+)'))
  redis.call('HSET', q .. ':jobs', id, line(id, record, instant <= since and value)) -- in front if it was ready before: handed back
  return 1
end

-- stored: whether a record is there already, as a swap whose answer was lost left it: but for its flags, and, if it is to
-- be cancelled, for what then became of its status and its instant.
local function same(there, record)
  if readable(there) and flagged(there, CANCELLING) then
    return sub(there, 5, 16) == sub(record, 5, 16) and sub(there, 23) == sub(record, 23)
  end
  return sub(there, 3) == sub(record, 3)
end

local function stored(id, record, gen)
  for _, key in ipairs({q .. ':jobs', q .. ':done:' .. gen, q .. ':done:' .. (gen - 1)}) do
    local there = readable(record) and redis.call('HGET', key, id)
    if there and same(there, record) then
      return true
    end
  end
  return false
end
