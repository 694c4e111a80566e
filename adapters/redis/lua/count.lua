#!lua flags=no-writes
-- count: how many jobs are where.
--
-- KEYS[1] queue
-- ARGV skew
-- returns kept or live, scheduled, running, retrying, failed, cancelled, completed, paused, names and values of the totals
--# use clock
local function after(key)
  return redis.call('ZCOUNT', q .. ':' .. key, '(' .. now, '+inf')
end

-- kept: how many of a generation's completed jobs are not over yet. Its history is in the order in which they end.
local function kept(gen)
  local key = q .. ':history:' .. gen
  local low, high = 0, redis.call('LLEN', key)
  local n = high
  while low < high do
    local middle = math.floor((low + high) / 2)
    if struct.unpack('>I6', string.sub(redis.call('LINDEX', key, middle), 17)) > now then
      high = middle
    else
      low = middle + 1
    end
  end
  return n - low - after('erased:' .. gen)
end

local running = 0
for _, holder in ipairs(redis.call('ZRANGE', q .. ':holders', 0, -1)) do
  running = running + redis.call('HLEN', q .. ':leases:' .. holder)
end
local meta = redis.call('HMGET', q, 'gen', 'paused')
local completed = 0
if meta[1] then
  completed = kept(meta[1]) + kept(meta[1] - 1)
end
local live = redis.call('HLEN', q .. ':jobs') - redis.call('ZCARD', q .. ':failed') - redis.call('ZCARD', q .. ':cancelled')
return {
  live, after('scheduled'), running, after('retrying'), after('failed'), after('cancelled'), completed,
  meta[2] == '1' and 1 or 0, redis.call('HGETALL', q .. ':counts'),
}
