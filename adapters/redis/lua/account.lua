#!lua
-- account: adds what tenants had to what they had in this step of time, unless this account was added before. Without a right to
-- go over the memory that the server may use: it can wait.
--
-- KEYS[1] queue
-- ARGV skew, the length of a step (ms), how long one is kept from now on (ms), holder, number of the account, then up to 100
--      times: tenant, what it had
--# use clock usage
local n = math.floor(now / ARGV[2])
local key, mark = usage_key(n), ' ' .. ARGV[4]
for _, at in ipairs({key, usage_key(n - 1)}) do
  if tonumber(redis.call('HGET', at, mark) or 0) >= tonumber(ARGV[5]) then
    return
  end
end
local tenants, write = {}, {mark, ARGV[5]}
for i = 6, #ARGV, 2 do
  tenants[#tenants + 1] = ARGV[i]
end
for i, had in ipairs(#tenants > 0 and redis.call('HMGET', key, unpack(tenants)) or {}) do
  write[#write + 1], write[#write + 2] = tenants[i], plus(had, ARGV[2 * i + 5])
end
redis.call('HSET', key, unpack(write))
redis.call('PEXPIRE', key, ARGV[3])
