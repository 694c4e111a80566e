#!lua flags=allow-oom
-- swap: stores what became of leased jobs, each in place of its lease. One whose lease is not the
-- holder's any more is refused, unless it is stored already.
--
-- KEYS[1] queue
-- ARGV skew, holder, how long finished jobs are remembered (ms), then up to 100 times:
--      id, rev with a colon, what (d dropped, k kept, r retrying, p pending, f failed, c cancelled),
--      instant (ms: until when it is kept for k, f and c, else when it is due), length of the run (ms), record (for d what
--      is kept in its place, as trace_of has it)
-- returns the numbers (from 1) of those refused
--# use clock record turn line wake window settle free
local leases, ids = q .. ':leases:' .. ARGV[2], {}
for i = 4, #ARGV, 6 do
  ids[#ids + 1] = ARGV[i]
end
local held = redis.call('HMGET', leases, unpack(ids))
local gen = generation(tonumber(ARGV[3]))
local refused, freed, placed, gone, done, history = {}, {}, {}, {}, {}, {}
local run_time, woken = 0, 0
for i, id in ipairs(ids) do
  local at = 6 * i - 2
  local rev, what, instant, record = ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3]), ARGV[at + 5]
  if not held[i] or string.find(held[i], rev, 1, true) ~= 1 then
    if not stored(id, record, gen) then
      refused[#refused + 1] = i
    end
  else
    freed[#freed + 1] = id
    note(placed, id, held[i])
    if what == 'd' or what == 'k' then
      gone[#gone + 1] = id
      done[#done + 1] = id
      done[#done + 1] = record
      run_time = run_time + ARGV[at + 4]
      if what == 'k' then
        history[#history + 1] = id .. struct.pack('>I6', instant)
      end
    else
      woken = woken + settle(id, what, instant, record, held[i])
    end
  end
end
if #freed > 0 then
  redis.call('HDEL', leases, unpack(freed))
  if redis.call('EXISTS', leases) == 0 then
    redis.call('ZREM', q .. ':holders', ARGV[2])
  end
end
woken = woken + free(placed)
if #gone > 0 then
  redis.call('HDEL', q .. ':jobs', unpack(gone))
  redis.call('HSET', q .. ':done:' .. gen, unpack(done))
  redis.call('HINCRBY', q .. ':counts', 'completed', #gone)
  redis.call('HINCRBY', q .. ':counts', 'run_time', run_time)
end
if #history > 0 then
  redis.call('RPUSH', q .. ':history:' .. gen, unpack(history))
end
if woken > 0 then
  wake(woken)
end
return refused
