-- promote: makes ready what has become due, up to 100 jobs of a kind.
local function promote(key)
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
end
