-- contend: who may have what a type may start.
local function meet_types(names)
  local types = {}
  for _, name in ipairs(names) do
    if name ~= '' then
      types[#types + 1] = ' ' .. name
    end
  end
  meet(types)
end

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

-- full_ones: how many tenants there may be of whom no more is wanted, in any priority.
local function full_ones()
  local n = 0
  for tenant in pairs(has) do
    n = n + (wanted(tenant) == 0 and 5 or 0)
  end
  return n
end
