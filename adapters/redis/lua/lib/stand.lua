-- stand: puts new jobs at the end of their tenants' lines, and counts in news those of which there is something to tell who waits: of a tenant that
-- rests there is not.
for i = 1, #lists do
  local l = lists[i]
  local first = redis.call('RPUSH', q .. ':ready:' .. l.at, unpack(l.ids)) == l.n
  if first and typed then
    enter(l.level, l.tenant)
  elseif limited and redis.call('ZSCORE', q .. ':resting', l.at) then
    l.n = 0
  elseif first then
    local turns = redis.call('RPUSH', q .. ':ring:' .. l.level, l.tenant)
    if turns == 1 and #records[2] <= 64 then -- nobody had any ready: has the hash of short records be one that Redis does not go through, as hold does
      redis.call('HSET', q .. ':jobs', '', '00000000000000000000000000000000000000000000000000000000000000000')
      redis.call('HDEL', q .. ':jobs', '')
    end
  end
  news = news + l.n
end
