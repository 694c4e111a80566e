-- promote: makes ready what has become due, up to 100 jobs, and notes when the queue wants the next look.
local next_look = 0

local function sooner(at)
  if next_look == 0 or at < next_look then
    next_look = at
  end
end

-- put_away: a record that cannot be read goes to the dead letters as it is; one that was written by a newer
-- version waits for a worker that understands it.
local function put_away(id, record)
  if byte(record, 1) and byte(record, 1) > VERSION then
    redis.call('ZADD', q .. ':scheduled', now + 30000, id)
  else
    redis.call('ZADD', q .. ':failed', now + 2592000000, id)
  end
end

local function promote(kind)
  local key = q .. ':' .. kind
  local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if head[1] and tonumber(head[2]) <= now then
    local due = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
    redis.call('ZREM', key, unpack(due))
    for i, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(due))) do
      if readable(record) then
        local lined = line(due[i], record, false)
        if lined ~= record then
          redis.call('HSET', q .. ':jobs', due[i], lined)
        end
      elseif record then
        put_away(due[i], record)
      end
    end
    head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  end
  if head[1] then
    sooner(tonumber(head[2]))
  end
end
