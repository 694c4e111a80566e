#!lua flags=allow-oom
-- purgedone: looks at some of the finished jobs of a generation, and counts those of a tenant, and what is remembered of
-- others, or removes all that.
--
-- KEYS[1] queue
-- ARGV skew, tenant, whether to remove ('1' or '0'), generation, where the last step ended ('0' at first), about how many to look at
-- returns where this one ended ('0' at the end), how many bytes it looked at, names and numbers of those found
--# use clock record state turn purged
local key, bytes, ids, kinds = q .. ':done:' .. ARGV[4], 0, {}, {}
local step = redis.call('HSCAN', key, ARGV[5], 'COUNT', ARGV[6])
for i = 1, #step[2], 2 do
  local id, record = step[2][i], step[2][i + 1]
  bytes = bytes + #record
  local kept = readable(record) and tenant_of(record) == ARGV[2]
  if kept or record == trace_of(ARGV[2]) then
    ids[#ids + 1], kinds[#kinds + 1] = id, kept and 'completed' or 'remembered'
  end
end
local remove = ARGV[3] == '1'
if remove and #ids > 0 then
  redis.call('HDEL', key, unpack(ids))
  redis.call('ZREM', q .. ':erased:' .. ARGV[4], unpack(ids))
end
return {step[1], bytes, purged(ARGV[2], kinds, remove)}
