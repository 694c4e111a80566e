-- lane: where jobs wait whose type may not start now, a list for each tenant, priority and type, in the order in which they became ready.
-- `lanes` has for each priority and tenant the names of those that there are, each with a space behind it, in the order of their
-- next turns; an empty name is the line itself. `wanting` has for each type who waits for it, by priority and then by what each has had
-- of it, a job by the inverse of the tenant's weight; `awaited` has the types by when to look at them again. One whose tenant may
-- start nothing for a reason of its own is in `lanes` with something behind the last space, and wants nothing meanwhile.
local function names_of(text)
  local names = {}
  for name in string.gmatch(text, '([^ ]*) ') do
    names[#names + 1] = name
  end
  return names
end

-- want: notes that somebody waits for a type: behind who has had the least of it.
local function want(at, name, weight)
  local base = sub(at, 1, 1) * 1e12
  local least = redis.call('ZRANGE', q .. ':wanting:' .. name, base, base + 1e12 - 1, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')[2]
  redis.call('ZADD', q .. ':wanting:' .. name, 'NX', (least or base) + 1 / weight, at)
  redis.call('ZADD', q .. ':awaited', 'NX', 0, name)
  stirred = true
end

local function want_no_more(at, name)
  redis.call('ZREM', q .. ':wanting:' .. name, at)
  if redis.call('EXISTS', q .. ':wanting:' .. name) == 0 then
    redis.call('ZREM', q .. ':awaited', name)
  end
end

-- keep_lanes: stores what lanes there are; without any it is as if there had never been one.
local function keep_lanes(at, names, behind)
  if #names > 1 then
    return redis.call('HSET', q .. ':lanes', at, table.concat(names, ' ') .. ' ' .. behind)
  end
  redis.call('HDEL', q .. ':lanes', at)
  if redis.call('EXISTS', q .. ':lanes') == 0 and redis.call('HGET', q, 'typed') == '0' then
    redis.call('HDEL', q, 'typed')
  end
end

-- drop_lane: lets go of a lane in which no job is left.
local function drop_lane(at, name)
  local text, names = redis.call('HGET', q .. ':lanes', at) or ' ', {}
  for _, one in ipairs(names_of(text)) do
    if one ~= name then
      names[#names + 1] = one
    end
  end
  want_no_more(at, name)
  keep_lanes(at, names, string.match(text, '[^ ]*$'))
end
