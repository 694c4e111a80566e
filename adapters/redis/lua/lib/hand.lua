-- hand: stores new jobs, and leases them to one who has an offer for so many (see `offer`), and listens, if no job is ready before them and none is for later.
-- He is told of them with the token: h, the number of his offer, now, rev and lease end, how many, their IDs, and each record after its
-- length. The list needs no end: whoever lets go of his leases lets go of it. There is no function here, nor before, tables have the size that one job
-- takes, and no number is made a text but as a whole one: somebody waits for each microsecond, and each of that costs some where the server was idle.
local holder, number, places, rev, ttl, ends = string.match(meta[4], '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
local head, till = struct.pack('>BBBBI6I6I6', VERSION, 0, 0, PENDING, 1, now, now), now + ttl
local list, ring, all = q .. ':wake:' .. holder, q .. ':ring:', #ARGV[4] <= 16 * places
if now > tonumber(ends) or redis.call('EXISTS', list, q .. ':suspects', ring .. '0', ring .. '1', ring .. '2', ring .. '3', ring .. '4') > 0 then
  redis.call('HDEL', q, 'offer') -- he will ask, as there is what to ask for: until then there is no need to look again
  redis.call('HSET', q, 'shut', meta[4])
  all = false
end
local token, records, leases, size, n, at = {'', ARGV[4], '', ''}, {'', ''}, {'', ''}, 0, 0, 5
local lease = string.format('%s:%d:%s', rev, now, number)
while all and at <= #ARGV do
  for i = at + 5, at + 4 + ARGV[at + 4] do
    local id, record = string.sub(ARGV[4], 16 * n + 1, 16 * n + 16), head .. ARGV[i]
    n, size = n + 1, size + #record
    records[2 * n - 1], records[2 * n] = id, record
    leases[2 * n - 1], leases[2 * n] = id, lease
    token[2 * n + 1], token[2 * n + 2] = struct.pack('>I6', #record), record
  end
  all = ARGV[at + 2] == '' and size <= 65536
  at = at + 5 + ARGV[at + 4]
end
if all then
  redis.call('HSET', q .. ':jobs', unpack(records))
  redis.call('HINCRBY', q .. ':counts', 'enqueued', n == 1 and '1' or n)
  redis.call('HSET', q, 'offer', string.format('%s %s %d %s %s %s', holder, number, places - n, rev, ttl, ends))
  redis.call('HSET', q .. ':leases:' .. holder, unpack(leases)) -- as hold does
  redis.call('ZADD', q .. ':holders', string.format('%d', till), holder)
  token[1] = 'h' .. struct.pack('>I6I6I6I6B', number, now, rev, till, n)
  redis.call('RPUSH', list, table.concat(token))
  return now
end
