-- aside: where records go that nobody here can read. One that was written by a newer version waits for a worker that
-- understands it; any other goes to the dead letters as it is, and is counted, like one that is not there.
local function put_aside(id, newer)
  if newer then
    newer_ids[#newer_ids + 1] = id
    redis.call('ZADD', q .. ':scheduled', now + 30000, id)
  else
    corrupt_ids[#corrupt_ids + 1] = id
    redis.call('ZADD', q .. ':failed', now + 2592000000, id)
    redis.call('HINCRBY', q .. ':counts', 'corrupt', 1)
  end
end

local function unreadable(id, record)
  if record then
    put_aside(id, byte(record, 1) and byte(record, 1) > VERSION)
  else
    redis.call('HINCRBY', q .. ':counts', 'corrupt', 1)
  end
end
