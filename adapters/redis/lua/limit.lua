#!lua flags=allow-oom
-- limit: sets what the queue, its tenants and its job types may have, from this step on.
--
-- KEYS[1] queue
-- ARGV skew, whether these are all that is configured ('1' or '0'), then fields of `limits` and what they are to hold; '' for
--      nothing
--# use clock record state sooner turn waiting limits rest seat
local key, named, touched, stops = q .. ':limits', {}, {}, ARGV[2] ~= '1'
for i = 3, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  named[field], touched[string.match(field, ':(.*)$') or ''] = true, true
  stops = stops and value ~= '' and (sub(field, 1, 7) == 'paused:' or sub(field, 1, 7) == 'closed:')
  if value == '' then
    redis.call('HDEL', key, field)
  elseif sub(field, 1, 7) ~= 'paused:' or tonumber(redis.call('HGET', key, field) or 0) < tonumber(value) then
    redis.call('HSET', key, field, value)
  end
end
for _, field in ipairs(ARGV[2] == '1' and redis.call('HKEYS', key) or {}) do
  touched[sub(field, 1, 1) == '=' and field ~= '= ' and sub(field, 2) or ''] = true
  if not named[field] and (field == 'default' or sub(field, 1, 7) == 'tenant:') then
    redis.call('HDEL', key, field)
    touched[string.match(field, ':(.*)$') or ''] = true
  end
end
for subject in pairs(touched) do
  renew(subject)
end
if stops then -- nobody may have more than before, nor has a place to be found for what runs
  return
end
local default = redis.call('HGET', key, 'default')
count('limited', default and redis.call('HSET', key, '= ', '0 0 ' .. default) or -redis.call('HDEL', key, '= '))

local whole = redis.call('HGET', q, 'whole')
seat_all(whole and parse(whole).places > 0)
while redis.call('EXISTS', q .. ':resting') == 1 do
  rested('+inf')
end
for _, name in ipairs(redis.call('ZRANGE', q .. ':awaited', 0, -1)) do
  rouse(' ' .. name)
end
wake_all()
