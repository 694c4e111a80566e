#!lua flags=allow-oom
-- roster: puts a worker on the roster, or, without one, tells who is on it, and drops those who are not
-- heard of any more.
--
-- KEYS[1] roster
-- ARGV skew, how long an announcement holds (ms), then holder, what there is to know of him, and a random name; or nothing
-- returns the name that was first given since the server has lost its data; or holders, each with the time when he was
--      last heard of (ms) and what there is to know
--# use clock
if ARGV[3] then
  redis.call('HSET', q, ARGV[3], string.format('%.0f', now) .. ':' .. ARGV[4])
  redis.call('HSETNX', q, 'epoch', ARGV[5])
  return {redis.call('HGET', q, 'epoch')}
end
local out, all = {}, redis.call('HGETALL', q)
for i = 1, #all, 2 do
  local seen, rest = string.match(all[i + 1], '^(%d+):(.*)$')
  if seen and now - seen < tonumber(ARGV[2]) then
    out[#out + 1], out[#out + 2], out[#out + 3] = all[i], seen, rest
  elseif all[i] ~= 'epoch' then
    redis.call('HDEL', q, all[i])
  end
end
return out
