-- takeup: makes the jobs of one holder ready again whose lease ran out, up to 100 of them, or 256 KiB and one, each at the front of
-- its line, with the crash counted, and noted at the end of its record: when the lease began, and
-- when it was taken up.
local function crashed(record, value)
  local rev, since, rest = string.match(value, '^(%d+):(%d+):%d+(.*)$')
  local crashes = byte(record, 3)
  if string.find(rest, ':s', 1, true) then
    crashes = math.min(crashes + 1, 255)
  else -- it may have died for a neighbour: that makes it a suspect at most
    crashes = math.max(crashes, math.min(crashes + 1, SUSPECT))
  end
  local flags = string.find(rest, ':c', 1, true) and CANCELLING or 0
  return sub(record, 1, 1) .. char(flags, crashes, PENDING) .. struct.pack('>I6', rev + 1)
    .. sub(record, 11) .. struct.pack('>I6I6', since, now)
end

local function reclaim(who)
  local key, held, ids, placed = q .. ':leases:' .. who, {}, {}, {}
  local fields = redis.call('HRANDFIELD', key, 100, 'WITHVALUES')
  for i = 1, #fields, 2 do
    ids[#ids + 1], held[fields[i]] = fields[i], fields[i + 1]
  end
  table.sort(ids)
  local records, n, bytes = {}, 0, 0
  while n < #ids and bytes < 262144 do
    n = n + 1
    records[n] = redis.call('HGET', q .. ':jobs', ids[n])
    bytes = bytes + #(records[n] or '')
  end
  for i = n, 1, -1 do
    local id, record = ids[i], records[i]
    note(placed, id, held[id])
    if readable(record) then
      redis.call('HSET', q .. ':jobs', id, line(id, crashed(record, held[id]), held[id]))
    else
      unreadable(id, record)
    end
  end
  free(placed)
  if n > 0 then
    redis.call('HDEL', key, unpack(ids, 1, n))
    redis.call('HINCRBY', q .. ':counts', 'crashed', n)
  end
  if redis.call('EXISTS', key) == 0 then
    redis.call('ZREM', q .. ':holders', who)
    redis.call('ZREM', q .. ':waiters', who)
    redis.call('UNLINK', q .. ':wake:' .. who)
  end
end
