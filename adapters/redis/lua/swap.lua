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
local argv, find, leases, ids = ARGV, string.find, q .. ':leases:' .. ARGV[2], {}
for i = 4, #argv, 6 do
  ids[(i + 2) / 6] = argv[i]
end
local held = redis.call('HMGET', leases, unpack(ids))
local gen = generation(tonumber(argv[3]))
local refused, freed, placed, gone, done, history = {}, {}, {}, {}, {}, {}
local run_time, woken, n, m = 0, 0, 0, 0
for i = 1, #ids do
  local at, id, value = 6 * i - 2, ids[i], held[i]
  local what, record = argv[at + 2], argv[at + 5]
  if not value or find(value, argv[at + 1], 1, true) ~= 1 then
    if not stored(id, record, gen) then
      refused[#refused + 1] = i
    end
  else
    n = n + 1
    freed[n] = id
    note(placed, id, value)
    if what == 'd' or what == 'k' then
      m = m + 1
      gone[m], done[2 * m - 1], done[2 * m] = id, id, record
      run_time = run_time + argv[at + 4]
      if what == 'k' then
        history[#history + 1] = id .. struct.pack('>I6', argv[at + 3])
      end
    else
      woken = woken + settle(id, what, tonumber(argv[at + 3]), record, value)
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
  if run_time > 0 then
    redis.call('HINCRBY', q .. ':counts', 'run_time', run_time)
  end
end
if #history > 0 then
  redis.call('RPUSH', q .. ':history:' .. gen, unpack(history))
end
if woken > 0 then
  wake(woken)
end
return refused
