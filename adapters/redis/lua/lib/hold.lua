-- hold: gives the holder a lease of jobs. The value of a lease says with which token, since when, and by which request; and then what has
-- to be known when it ends.
rev = redis.call('HINCRBY', q, 'rev', '2') -- two: one for the lease, one for what settles it
local value, last, fields = rev .. ':' .. now .. ':' .. request, bounds and bounds.capped and ':q' or '', {}
local usual = value .. last
for i = 1, #ids do
  local id = ids[i]
  fields[2 * i - 1], fields[2 * i] = id, placed[id] and value .. placed[id] .. last or usual
end
if suspect == 1 then
  fields[2] = fields[2] .. ':s'
end
-- One value of more than 64 bytes keeps the hash out of the encoding in which Redis goes through it for each field.
fields[2] = string.gsub(fields[2], ':', ':00000000000000000000000000000000000000000000000000', 1)
redis.call('HSET', leases, unpack(fields))
redis.call('ZADD', q .. ':holders', now + ttl, holder)
