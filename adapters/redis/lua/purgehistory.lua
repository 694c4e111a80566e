#!lua flags=allow-oom
-- purgehistory: copies a part of the history of a generation, without what there is no job of any more; after the last part
-- the copy takes its place.
--
-- KEYS[1] queue
-- ARGV skew, generation, where to begin (0 at first)
-- returns where the next part begins, or -1 at the end
--# use clock
local gen, from = ARGV[2], tonumber(ARGV[3])
local key = q .. ':history:' .. gen
local copy, now_at, kept = key .. ':new', tonumber(redis.call('HGET', q, 'gen') or 0), {}
if from == 0 then
  redis.call('UNLINK', copy)
end
if tonumber(gen) ~= now_at and tonumber(gen) ~= now_at - 1 then -- it was dropped meanwhile
  redis.call('UNLINK', copy)
  return -1
end
local entries = redis.call('LRANGE', key, from, from + 99)
for _, entry in ipairs(entries) do
  if redis.call('HEXISTS', q .. ':done:' .. gen, string.sub(entry, 1, 16)) == 1 then
    kept[#kept + 1] = entry
  end
end
if #kept > 0 then
  redis.call('RPUSH', copy, unpack(kept))
end
if #entries == 100 then
  return from + 100
end
redis.call('UNLINK', key)
if redis.call('EXISTS', copy) == 1 then
  redis.call('RENAME', copy, key)
end
return -1
