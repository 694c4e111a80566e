#!lua flags=no-writes
-- get: jobs as they stand.
--
-- KEYS[1] queue
-- ARGV skew, then up to 100 IDs
-- returns now, and for each ID: its record or '', its holder or '', its lease or '', the lease's end (ms) or 0
--# use clock
local ids = {unpack(ARGV, 2)}
local records = redis.call('HMGET', q .. ':jobs', unpack(ids))
local holders, values, ends = {}, {}, {}
local all = redis.call('ZRANGE', q .. ':holders', 0, -1, 'WITHSCORES')
for h = 1, #all, 2 do
  for i, value in ipairs(redis.call('HMGET', q .. ':leases:' .. all[h], unpack(ids))) do
    if value then
      holders[i], values[i], ends[i] = all[h], value, all[h + 1]
    end
  end
end
local gen = redis.call('HGET', q, 'gen')
if gen then
  for _, key in ipairs({q .. ':done:' .. gen, q .. ':done:' .. (gen - 1)}) do
    for i, record in ipairs(redis.call('HMGET', key, unpack(ids))) do
      records[i] = records[i] or string.byte(record or '') ~= 0 and record -- not what is left of one
    end
  end
end
local out = {now}
for i = 1, #ids do
  out[#out + 1] = records[i] or ''
  out[#out + 1] = holders[i] or ''
  out[#out + 1] = values[i] or ''
  out[#out + 1] = ends[i] or 0
end
return out
