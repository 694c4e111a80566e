#!lua
-- record: keeps copies of jobs that are over, for a queue whose jobs are elsewhere. Of two copies the one with the
-- higher rev stays.
--
-- KEYS[1] queue
-- ARGV skew, how long they are kept at the most (ms), then up to 100 times:
--      id, what (k completed, f failed, c cancelled), instant (ms: until when it is kept), record
--# use clock record state turn line waiting window
local gen = generation(tonumber(ARGV[2]))
local kinds = {f = 'failed', c = 'cancelled'}
for i = 3, #ARGV, 4 do
  local id, what, instant, record = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local there = redis.call('HGET', q .. ':jobs', id)
  local done = redis.call('HGET', q .. ':done:' .. gen, id) or redis.call('HGET', q .. ':done:' .. (gen - 1), id)
  local old = there or done
  if not (readable(old) and rev_of(old) >= rev_of(record)) then
    redis.call('HDEL', q .. ':jobs', id)
    redis.call('ZREM', q .. ':failed', id)
    redis.call('ZREM', q .. ':cancelled', id)
    if what == 'k' then
      redis.call('HSET', q .. ':done:' .. gen, id, record)
      if not done or not readable(done) and redis.call('ZREM', q .. ':erased:' .. gen, id) == 0 then
        redis.call('RPUSH', q .. ':history:' .. gen, id .. struct.pack('>I6', instant))
      end
    else
      redis.call('HSET', q .. ':jobs', id, record)
      redis.call('ZADD', q .. ':' .. kinds[what], instant, id)
    end
  end
end
