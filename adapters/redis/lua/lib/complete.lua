-- complete: ends the leases of jobs, and lets go of those that are done, and remembers them.
local unheld = n > 0 and redis.call('HLEN', leases) == n
if unheld then -- all that he has, as mostly: that is let go of more quickly
  redis.call('UNLINK', leases)
elseif n > 0 then
  redis.call('HDEL', leases, unpack(freed))
end
if #given > 0 then
  woken = woken + unlike().free(given)
end
if m > 0 then
  redis.call('HDEL', q .. ':jobs', unpack(gone))
  redis.call('HSET', q .. ':done:' .. gen, unpack(done))
  redis.call('HINCRBY', q .. ':counts', 'completed', m)
  if run_time > 0 then
    redis.call('HINCRBY', q .. ':counts', 'run_time', run_time)
  end
  if #history > 0 then
    redis.call('RPUSH', q .. ':history:' .. gen, unpack(history))
  end
end
if woken > 0 then
  unlike().wake(woken)
end
