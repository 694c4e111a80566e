#!lua flags=allow-oom
-- check: gives each command that scripts use once, so that a right that is missing is noticed at the start and not in the
-- middle of a job.
--
-- KEYS[1] a key that is no queue's
-- ARGV skew
-- returns the time (ms)
--# use clock
local hash, list, zset, set = q .. ':hash', q .. ':list', q .. ':zset', q .. ':set'
redis.call('UNLINK', hash, list, zset, set, q .. ':old')
redis.call('HSET', hash, 'a', '1')
redis.call('HSETNX', hash, 'b', '1')
redis.call('HINCRBY', hash, 'a', 1)
redis.call('HGET', hash, 'a')
redis.call('HMGET', hash, 'a', 'b')
redis.call('HGETALL', hash)
redis.call('HLEN', hash)
redis.call('HEXISTS', hash, 'a')
redis.call('HSCAN', hash, '0')
redis.call('HRANDFIELD', hash, 1)
redis.call('HDEL', hash, 'b')
redis.call('RPUSH', list, 'a', 'b', 'c')
redis.call('LPUSH', list, 'd')
redis.call('LPOP', list)
redis.call('LREM', list, 1, 'b')
redis.call('LPOS', list, 'a')
redis.call('LLEN', list)
redis.call('LINDEX', list, 0)
redis.call('ZADD', zset, 1, 'a', 2, 'b', 3, 'c')
redis.call('ZRANGE', zset, 0, -1)
redis.call('ZCOUNT', zset, '-inf', '+inf')
redis.call('ZCARD', zset)
redis.call('ZSCORE', zset, 'a')
redis.call('ZREM', zset, 'a')
redis.call('ZPOPMAX', zset)
redis.call('ZREMRANGEBYSCORE', zset, '-inf', '+inf')
redis.call('SADD', set, 'a')
redis.call('EXISTS', hash)
redis.call('TYPE', hash)
redis.call('PEXPIRE', hash, 60000)
redis.call('RENAME', hash, q .. ':old')
redis.call('UNLINK', list, set, q .. ':old')
return now
