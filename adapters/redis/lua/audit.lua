#!lua flags=no-writes
-- audit: one step through the records of a queue.
--
-- KEYS[1] queue
-- ARGV skew, where the last step ended ('0' at first)
-- returns where this one ended ('0' at the end), IDs, the heads of their records
--# use clock
local step, ids, heads = redis.call('HSCAN', q .. ':jobs', ARGV[2], 'COUNT', 100), {}, {}
for i = 1, #step[2], 2 do
  ids[#ids + 1], heads[#heads + 1] = step[2][i], string.sub(step[2][i + 1], 1, 24)
end
return {step[1], ids, heads}
