#!lua flags=no-writes
-- audit: one step through the records of a queue.
--
-- KEYS[1] queue
-- ARGV skew, where the last step ended ('0' at first), about how many to look at
-- returns where this one ended ('0' at the end), how many bytes it looked at, IDs, the heads of their records
--# use clock
local step = redis.call('HSCAN', q .. ':jobs', ARGV[2], 'COUNT', ARGV[3])
local bytes, ids, heads = 0, {}, {}
for i = 1, #step[2], 2 do
  local record = step[2][i + 1]
  bytes, ids[#ids + 1], heads[#heads + 1] = bytes + #record, step[2][i], string.sub(record, 1, 24)
end
return {step[1], bytes, ids, heads}
