#!lua flags=allow-oom
-- queues: puts queues on the list of those that ever held a job, also when the server is full.
--
-- KEYS[1] list
-- ARGV skew, then up to 100 names
redis.call('SADD', KEYS[1], unpack(ARGV, 2))
