#!lua
-- enqueue: stores new jobs and makes them ready, each at its time. A job whose ID is kept, or remembered, is
-- not stored. Writes nothing at all when the server has no room.
--
-- KEYS[1] queue
-- ARGV skew, whether the write is to be confirmed ('1' or '0'), whether nobody can have used the IDs before ('1' or '0'), the IDs in one
--      string, then the jobs in the same order, in groups of one priority, tenant and time:
--      level, tenant, when ('' at once, '+ms' from now, '@ms' at an instant), whether jobs of the tenant enqueue them ('1' or '0'), how many, their records from the level on
-- returns now, alone if all were stored; else with the numbers (from 1) of the jobs that are known, and for each that is over its tenant's quota its number, that quota (-1 for
--      a tenant that is closed), and when there may be room (µs)
--# use clock head
local meta = redis.call('HMGET', q, 'limited', 'typed', 'gen', 'offer')
if meta[4] and not (meta[1] or meta[2]) and ARGV[3] == '1' then -- where the queue is paused, or limited as a whole, there is none
--# use hand
end
local limited, typed, over = meta[1] or meta[2], meta[2], {}
-- What a script defines is made anew by each call, so that what is rarely needed is defined only then.
local quota = limited and (function()
--# use limits quota
return {of = quota_of, exceeds = exceeds}
end)()
local enter = typed and (function()
--# use turn
return enter
end)()
local kept = ARGV[3] ~= '1' and (function() -- else none is, and none comes twice
--# use known
return known(ARGV[4], meta[3])
end)()
local seen, refused, records, lists, later, n, m, at = {}, {}, {}, {}, {}, 0, 0, 5
while at <= #ARGV do
  local level, tenant, time, follows, count = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3] == '1', ARGV[at + 4]
  local run_at = time == '' and now or tonumber(sub(time, 2)) + (sub(time, 1, 1) == '+' and now or 0)
  local bound = quota and quota.of(tenant)
  local head, fresh, k = struct.pack('>BBBBI6I6I6', VERSION, 0, 0, PENDING, 1, now, run_at), {}, 0
  for i = at + 5, at + 4 + count do
    n = n + 1
    local id = sub(ARGV[4], 16 * n - 15, 16 * n)
    if kept and (kept[n] or seen[id]) then
      refused[#refused + 1] = n
    elseif not (bound and quota.exceeds(bound, n, follows)) then
      k, m = k + 1, m + 2
      fresh[k], records[m - 1], records[m], seen[kept and id or ''] = id, id, head .. ARGV[i], true
    end
  end
  if run_at > now then
    for _, id in ipairs(fresh) do
      later[#later + 1], later[#later + 2] = run_at, id
    end
  elseif k > 0 then
    lists[#lists + 1] = {at = level .. ':' .. tenant, level = level, tenant = tenant, ids = fresh, n = k}
  end
  at = at + 5 + count
end

if m == 0 then
  if ARGV[2] == '1' then
    redis.call('HSET', q, 'asked', now) -- something to wait for: the jobs may have been written a moment ago
  end
  return {now, refused, over}
end
redis.call('HSET', q .. ':jobs', unpack(records))
local stored = m / 2 == tonumber(ARGV[9]) and ARGV[9] or m / 2 -- a text, if there is one: Redis takes a microsecond to write a number
redis.call('HINCRBY', q .. ':counts', 'enqueued', stored)
local news = 0
--# use stand
if #later > 0 then
  local head = redis.call('ZRANGE', q .. ':scheduled', 0, 0)[1]
  redis.call('ZADD', q .. ':scheduled', unpack(later))
  news = news + (redis.call('ZRANGE', q .. ':scheduled', 0, 0)[1] ~= head and 1 or 0)
end
if news > 0 then -- as wake does
  local waiting = redis.call('ZPOPMAX', q .. ':waiters', news == m / 2 and stored or news)
--# use tokens
end
return #refused + #over == 0 and now or {now, refused, over}
