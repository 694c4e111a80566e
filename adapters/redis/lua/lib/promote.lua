-- promote: makes ready what has become due, up to 100 jobs of a kind, or 256 KiB and ten of them.
local function promote(key)
  local due, n, bytes = redis.call('ZRANGE', key, '-inf', now, 'BYSCORE', 'LIMIT', 0, 100), 0, 0
  while n < #due and bytes < 262144 do
    local some = {unpack(due, n + 1, math.min(n + 10, #due))}
    redis.call('ZREM', key, unpack(some))
    for i, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(some))) do
      if readable(record) then
        local lined = line(some[i], record, false)
        if lined ~= record then
          redis.call('HSET', q .. ':jobs', some[i], lined)
        end
      else
        unreadable(some[i], record)
      end
      bytes = bytes + #(record or '')
    end
    n = n + #some
  end
end
