#!lua flags=allow-oom
-- change: stores what an operator made of jobs that nobody holds. One that changed since he saw it, or that is
-- leased, is refused, unless it is stored already.
--
-- KEYS[1] queue
-- ARGV skew, then up to 100 times: id, rev, what (p pending, r retrying, f failed, c cancelled, x deleted),
--      instant (ms: until when it is or was kept for f, c and x, else when it is due), record, how long it is
--      remembered (ms)
-- returns the numbers (from 1) of those refused
--# use clock record state turn line waiting window settle leased idle lane delete
local refused, woken, at = {}, 0, 2
for i = 1, (#ARGV - 1) / 6 do
  local id, rev, what, instant, record = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 4]
  local old = redis.call('HGET', q .. ':jobs', id)
  if readable(old) and rev_of(old) == rev and not leased(id) then
    local waits = lift(id, old)
    if what == 'x' then
      if waits then
        unline(id, old)
      end
      redis.call('HDEL', q .. ':jobs', id)
      redis.call('HSET', q .. ':done:' .. generation(tonumber(ARGV[at + 5])), id, trace_of(tenant_of(old)))
    else
      woken = woken + refile(id, what, instant, record, waits)
    end
    raise(rev + 1)
  elseif what == 'x' and not erase(id, rev, instant) or what ~= 'x' and not (old and sub(old, 3) == sub(record, 3)) then
    refused[#refused + 1] = i
  end
  at = at + 6
end
if woken > 0 then
  wake(woken)
end
return refused
