-- sweep: drops up to 100 dead letters and 100 cancelled jobs whose time is over, and remembers their IDs. One of
-- which an entry still stands in line stays until that has come up.
local function sweep(span)
  redis.call('HSET', q, 'swept', now)
  local gen = generation(span)
  for _, kind in ipairs({'failed', 'cancelled'}) do
    local over = redis.call('ZRANGE', q .. ':' .. kind, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100)
    for _, id in ipairs(over) do
      local record = redis.call('HGET', q .. ':jobs', id)
      if readable(record) and flagged(record, LINED) then
        redis.call('ZADD', q .. ':' .. kind, now + 3600000, id)
      else
        redis.call('ZREM', q .. ':' .. kind, id)
        redis.call('HDEL', q .. ':jobs', id)
        redis.call('HSET', q .. ':done:' .. gen, id, readable(record) and trace_of(tenant_of(record)) or '')
      end
    end
  end
  redis.call('ZREMRANGEBYSCORE', q .. ':rates', '-inf', now * 1000)
  redis.call('ZREMRANGEBYSCORE', q .. ':waiters', '-inf', now - 120000)
end
