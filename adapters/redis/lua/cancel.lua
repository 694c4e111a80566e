#!lua flags=allow-oom
-- cancel: marks leased jobs as to be cancelled, and tells their holders.
--
-- KEYS[1] queue
-- ARGV skew, then up to 100 IDs
-- returns the numbers (from 1) of those that nobody holds
--# use clock record state turn line waiting settle leased idle
local left = {}
for i = 2, #ARGV do
  local id = ARGV[i]
  local holder = leased(id)
  if not holder then
    left[#left + 1] = i - 1
  else
    local leases = q .. ':leases:' .. holder
    local value = redis.call('HGET', leases, id)
    if not string.find(value, ':c', 1, true) then
      redis.call('HSET', leases, id, value .. ':c')
    end
    local list = q .. ':wake:' .. holder
    redis.call('RPUSH', list, 'c')
    redis.call('PEXPIRE', list, 60000)
  end
end
return left
