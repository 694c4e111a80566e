-- meta: what the queue says of itself that a lease has to know, and outcomes beside it.
local meta = redis.call('HMGET', q, 'paused', 'swept', 'limited', 'whole', 'typed', 'looked', 'offer', 'shut', 'gen', 'gen_at')
