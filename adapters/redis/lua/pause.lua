#!lua flags=allow-oom
-- pause: stops a queue, or lets it go on and tells all who wait.
--
-- KEYS[1] queue
-- ARGV skew, whether to stop ('1' or '0')
--# use clock waiting
if ARGV[2] == '1' then
  redis.call('HSET', q, 'paused', '1')
  redis.call('HDEL', q, 'offer')
else
  redis.call('HDEL', q, 'paused')
  wake_all()
end
