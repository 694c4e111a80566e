-- stand: puts new jobs at the end of their tenants' lines, and counts in news those of which there is something to tell who waits: of a tenant that
-- rests there is not.
for i = 1, #lists do
  local l = lists[i]
  local length = redis.call('RPUSH', q .. ':ready:' .. l.at, unpack(l.ids))
  local first = length == l.n
  if first and typed then
    enter(l.level, l.tenant)
  elseif limited and redis.call('ZSCORE', q .. ':resting', l.at) then
    l.n = 0
  elseif first then
    redis.call('RPUSH', q .. ':ring:' .. l.level, l.tenant)
  end
  if #records[2] <= 64 and length >= 64 and length - #l.ids < 64 then -- as hold does: from here on Redis is not to go through the hash of short records
    redis.call('HSET', q .. ':jobs', '', '00000000000000000000000000000000000000000000000000000000000000000')
    redis.call('HDEL', q .. ':jobs', '')
  end
  news = news + l.n
end
