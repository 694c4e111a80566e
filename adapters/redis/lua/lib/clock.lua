-- clock: the queue's key and the server's time in milliseconds. ARGV[1] is the skew by which tests
-- move that time.
local q = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
