-- usage: what tenants had of the queue: a hash for each step of time, `usage:<n>`, n being the time divided by the length of a step. It
-- has for each tenant 'started completed failed retried wait max run', the last three in µs, and for each holder, behind a space,
-- the number of his last account.
local function usage_key(n)
  return q .. ':usage:' .. string.format('%.0f', n)
end

-- plus: what a tenant had with what it had more.
local function plus(had, more)
  local sum, n = {}, 0
  for number in string.gmatch(had or '', '%d+') do
    sum[#sum + 1] = tonumber(number)
  end
  for number in string.gmatch(more, '%d+') do
    n = n + 1
    local add = n == 6 and math.max or function(a, b) return a + b end
    sum[n] = string.format('%.0f', add(sum[n] or 0, tonumber(number)))
  end
  return table.concat(sum, ' ', 1, n)
end

-- forget_usage: forgets what a tenant had in some steps up to now.
local function forget_usage(tenant, step, steps)
  local at = math.floor(now / step)
  for n = at - steps, at do
    redis.call('HDEL', usage_key(n), tenant)
  end
end
