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
  if names[what] then
    redis.call('HINCRBY', q .. ':counts', names[what], 1)
  end
  if what == 'f' or what == 'c' then
    redis.call('HSET', q .. ':jobs', id, record)
    redis.call('ZADD', q .. ':' .. names[what], instant, id)
    return 0
  end
  if string.find(value, ':c', 1, true) then -- to be cancelled: by whoever leases it next, at once
    record = sub(record, 1, 1) .. char(CANCELLING, byte(record, 3), PENDING) .. sub(record, 5, 16) .. struct.pack('>I6', now) .. sub(record, 23)
    what, instant = 'p', now
  end
  if instant > now then
    redis.call('HSET', q .. ':jobs', id, record)
    return wait_for(what == 'r' and 'retrying' or 'scheduled', id, instant)
  end
  local since = tonumber(string.match(value, '^%d+:(%d+)'))
  redis.call('HSET', q .. ':jobs', id, line(id, record, instant <= since)) -- in front if it was ready before: handed back
  return 1
end

-- stored: whether a record is there already, but for its flags, as a swap whose answer was lost left it.
local function stored(id, record, gen)
  for _, key in ipairs({q .. ':jobs', q .. ':done:' .. gen, q .. ':done:' .. (gen - 1)}) do
    local there = record ~= '' and redis.call('HGET', key, id)
    if there and sub(there, 3) == sub(record, 3) then
      return true
    end
  end
  return false
end
