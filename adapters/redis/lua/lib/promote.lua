-- promote: makes ready what has become due, up to 100 jobs, and notes when the queue wants the next look.
local next_look = 0

local function sooner(at)
  if next_look == 0 or at < next_look then
    next_look = at
  end
end

local function promote(kinds)
  for _, kind in ipairs(kinds) do
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
        else
          unreadable(due[i], record)
        end
      end
      head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    end
    if head[1] then
      sooner(tonumber(head[2]))
    end
  end
end
