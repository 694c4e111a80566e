-- grant: whose jobs of limited types are the next.
local granted = {} -- by type and lane, how many may start

-- stand_back: lets nobody wait for the tenant, who may start nothing for a reason of its own, and so delays nobody.
local function stand_back(at, l)
  local text = redis.call('HGET', q .. ':lanes', at)
  if text and sub(text, -1) == ' ' then
    for _, name in ipairs(names_of(text)) do
      if name ~= '' then
        want_no_more(at, name)
      end
    end
    redis.call('HSET', q .. ':lanes', at, text .. '-')
    stirred = true
  end
  local again = from_when(l)
  redis.call('ZADD', q .. ':resting', 'XX', again < 1 / 0 and again or '+inf', at)
  if again < 1 / 0 then
    sooner(again)
  end
end

-- contenders: the first of those who wait for a type, that may start a job.
local function contenders(name, n)
  local found, tenants, out = redis.call('ZRANGE', q .. ':wanting:' .. name, 0, n - 1, 'WITHSCORES'), {}, {}
  for i = 1, #found, 2 do
    tenants[#tenants + 1] = sub(found[i], 3)
  end
  meet(tenants)
  for i = 1, #found, 2 do
    local tenant = sub(found[i], 3)
    local l = met[tenant]
    if allowed(l) == 0 then
      stand_back(found[i], l)
    elseif wanted(tenant) > 0 then
      out[#out + 1] = {at = found[i], had = tonumber(found[i + 1]), part = 1 / l.weight, n = 0, most = math.min(allowed(l), wanted(tenant))}
    end
  end
  return out
end

-- share_out: grants so many starts of a type to those who have had the least, and lets them have a turn.
local function share_out(name, room)
  local all = contenders(name, room + full_ones())
  granted[name] = {}
  for _ = 1, room do
    local next
    for _, c in ipairs(all) do
      next = c.n < c.most and (not next or c.had < next.had) and c or next
    end
    if not next then
      break
    end
    next.n, next.had = next.n + 1, next.had + next.part
  end
  for _, c in ipairs(all) do
    granted[name][c.at] = c.n
    if c.n > 0 and redis.call('ZREM', q .. ':resting', c.at) == 1 then
      redis.call('RPUSH', q .. ':ring:' .. sub(c.at, 1, 1), sub(c.at, 3))
    end
  end
end
