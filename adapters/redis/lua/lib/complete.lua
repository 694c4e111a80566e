-- complete: lets go of jobs that are done, and remembers them.
local function complete(gone, done, history, run_time, gen)
  redis.call('HDEL', q .. ':jobs', unpack(gone))
  redis.call('HSET', q .. ':done:' .. gen, unpack(done))
  redis.call('HINCRBY', q .. ':counts', 'completed', #gone)
  if run_time > 0 then
    redis.call('HINCRBY', q .. ':counts', 'run_time', run_time)
  end
  if #history > 0 then
    redis.call('RPUSH', q .. ':history:' .. gen, unpack(history))
  end
end
