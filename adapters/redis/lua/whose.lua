#!lua flags=no-writes
-- whose: whose some jobs are.
--
-- KEYS[1] queue
-- ARGV skew, then up to 100 IDs
-- returns the tenant of each of those whose record can be read
--# use clock record state turn
local out = {}
for _, record in ipairs(redis.call('HMGET', q .. ':jobs', unpack(ARGV, 2))) do
  if readable(record) then
    out[#out + 1] = tenant_of(record)
  end
end
return out
