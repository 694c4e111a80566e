#!lua flags=allow-oom
-- purgejobs: looks at some of the jobs that are live, dead or cancelled, and counts those of a tenant, or removes them. Who
-- holds one of these is told to look.
--
-- KEYS[1] queue
-- ARGV skew, tenant, whether to remove ('1' or '0'), where the last step ended ('0' at first), about how many to look at
-- returns where this one ended ('0' at the end), how many bytes it looked at, names and numbers of those found, and the
--      generation of finished jobs
--# use clock record state turn line waiting note free purged
local step, bytes, ids, kinds = redis.call('HSCAN', q .. ':jobs', ARGV[4], 'COUNT', ARGV[5]), 0, {}, {}
local placed = {}
local remove, of = ARGV[3] == '1', {[4] = 'failed', [5] = 'cancelled'}
for i = 1, #step[2], 2 do
  local id, record = step[2][i], step[2][i + 1]
  bytes = bytes + #record
  if readable(record) and tenant_of(record) == ARGV[2] then
    ids[#ids + 1], kinds[#kinds + 1] = id, of[byte(record, 4)] or 'waiting'
    if remove and byte(record, 3) >= SUSPECT then
      redis.call('LREM', q .. ':suspects', 1, id)
    end
  end
end

-- revoke: notes which of the jobs a holder has, and takes them from him.
local function revoke(holder)
  local leases, held = q .. ':leases:' .. holder, {}
  for i, value in ipairs(redis.call('HMGET', leases, unpack(ids))) do
    if value then
      note(placed, ids[i], value)
      kinds[i], held[#held + 1] = 'running', ids[i]
    end
  end
  if remove and #held > 0 then
    redis.call('HDEL', leases, unpack(held))
    if redis.call('EXISTS', leases) == 0 then
      redis.call('ZREM', q .. ':holders', holder)
    end
    redis.call('RPUSH', q .. ':wake:' .. holder, 'c')
    redis.call('PEXPIRE', q .. ':wake:' .. holder, 60000)
  end
end

if #ids > 0 then
  for _, holder in ipairs(redis.call('ZRANGE', q .. ':holders', 0, -1)) do
    revoke(holder)
  end
end
if remove and #ids > 0 then
  wake(free(placed))
  for _, set in ipairs({'scheduled', 'retrying', 'failed', 'cancelled'}) do
    redis.call('ZREM', q .. ':' .. set, unpack(ids))
  end
  redis.call('HDEL', q .. ':jobs', unpack(ids))
end
return {step[1], bytes, purged(ARGV[2], kinds, remove), redis.call('HGET', q, 'gen') or 0}
