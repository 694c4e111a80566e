#!lua flags=allow-oom
-- check: gives each command that scripts use once, so that a right that is missing is noticed at the start and not in the
-- middle of a job.
--
-- KEYS[1] a key that is no queue's
-- ARGV skew
-- returns the time (ms), and the commands that the user may not give, in one string
--# use clock
local missing = {}

-- try gives a command. That the user may not give it is noted; any other refusal ends the script.
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  if type(answer) == 'table' and answer.err then
    if not string.find(answer.err, 'run th', 1, true) then -- "can't run this command", or "to run the 'x' command"
      return error(answer)
    end
    missing[#missing + 1] = string.lower(command)
  end
end

local hash, list, zset, set = q .. ':hash', q .. ':list', q .. ':zset', q .. ':set'
try('UNLINK', hash, list, zset, set, q .. ':old')
try('HSET', hash, 'a', '1')
try('HSETNX', hash, 'b', '1')
try('HINCRBY', hash, 'a', 1)
try('HGET', hash, 'a')
try('HMGET', hash, 'a', 'b')
try('HGETALL', hash)
try('HLEN', hash)
try('HKEYS', hash)
try('HEXISTS', hash, 'a')
try('HSCAN', hash, '0')
try('HRANDFIELD', hash, 1)
try('HDEL', hash, 'b')
try('RPUSH', list, 'a', 'b', 'c')
try('LPUSH', list, 'd')
try('LPOP', list)
try('LMPOP', 1, list, 'LEFT')
try('RPUSH', list, 'a', 'b', 'c')
try('LREM', list, 1, 'b')
try('LPOS', list, 'a')
try('LLEN', list)
try('LRANGE', list, 0, 0)
try('LINDEX', list, 0)
try('LRANGE', list, 0, -1)
try('ZADD', zset, 1, 'a', 2, 'b', 3, 'c')
try('ZRANGE', zset, 0, -1)
try('ZINCRBY', zset, 1, 'b')
try('ZCOUNT', zset, '-inf', '+inf')
try('ZCARD', zset)
try('ZSCORE', zset, 'a')
try('ZMSCORE', zset, 'a', 'b')
try('ZREM', zset, 'a')
try('ZPOPMAX', zset)
try('ZREMRANGEBYSCORE', zset, '-inf', '+inf')
try('SADD', set, 'a')
try('SCARD', set)
try('SMEMBERS', set)
try('SREM', set, 'b')
try('EXISTS', hash)
try('TYPE', hash)
try('PEXPIRE', hash, 60000)
try('RENAME', hash, q .. ':old')
try('UNLINK', list, set, q .. ':old')
return {now, table.concat(missing, ' ')}
