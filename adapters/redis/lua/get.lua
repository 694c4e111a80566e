#!lua flags=no-writes
-- get: jobs as they stand.
--
-- KEYS[1] queue
-- ARGV skew, after how many bytes of records to stop, then up to 100 IDs
-- returns now, and for each ID, up to where it stopped: its record or '', its holder or '', its lease or '', the lease's end (ms) or 0
--# use clock
local places, gen, bytes, ids, records = {q .. ':jobs'}, redis.call('HGET', q, 'gen'), 0, {}, {}
if gen then
  places = {places[1], q .. ':done:' .. gen, q .. ':done:' .. (gen - 1)}
end
local n = 0
while n < #ARGV - 2 and bytes < tonumber(ARGV[2]) do
  n = n + 1
  ids[n], records[n] = ARGV[n + 2], ''
  for place, key in ipairs(places) do
    local record = records[n] == '' and redis.call('HGET', key, ids[n])
    if record and (place == 1 or string.byte(record) ~= 0) then -- of finished ones not what is left of one
      records[n], bytes = record, bytes + #record
    end
  end
end
local holders, values, ends = {}, {}, {}
local all = redis.call('ZRANGE', q .. ':holders', 0, -1, 'WITHSCORES')
for h = 1, #all, 2 do
  for i, value in ipairs(redis.call('HMGET', q .. ':leases:' .. all[h], unpack(ids))) do
    if value then
      holders[i], values[i], ends[i] = all[h], value, all[h + 1]
    end
  end
end
local out = {now}
for i = 1, #ids do
  out[#out + 1] = records[i]
  out[#out + 1] = holders[i] or ''
  out[#out + 1] = values[i] or ''
  out[#out + 1] = ends[i] or 0
end
return out
