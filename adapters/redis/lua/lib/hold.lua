-- hold: gives the holder a lease of jobs. The value of a lease says with which token, since when, and by which request; and then what has
-- to be known when it ends.
local function hold(leases, ids, suspect, last)
  local rev = redis.call('HINCRBY', q, 'rev', 2) -- two: one for the lease, one for what settles it
  local value, fields = rev .. ':' .. now .. ':' .. request, {}
  local plain_value = value .. last
  for i = 1, #ids do
    local id = ids[i]
    fields[2 * i - 1], fields[2 * i] = id, placed[id] and value .. placed[id] .. last or plain_value
  end
  if suspect == 1 then
    fields[2] = fields[2] .. ':s'
  end
  redis.call('HSET', leases, unpack(fields))
  redis.call('ZADD', q .. ':holders', now + ttl, holder)
  return rev
end
