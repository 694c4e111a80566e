-- wake: a token for each of up to n holders who wait for work, those first who began last.
local function wake(n)
  local waiting = redis.call('ZPOPMAX', q .. ':waiters', n)
  for i = 1, #waiting, 2 do
    local list = q .. ':wake:' .. waiting[i]
    redis.call('RPUSH', list, 'w')
    redis.call('PEXPIRE', list, 60000)
  end
end

-- wake_all: a token for each who waits.
local function wake_all()
  local n = redis.call('ZCARD', q .. ':waiters')
  while n > 0 do
    wake(math.min(n, 100))
    n = n - 100
  end
end

-- ready_left: whether there is a job that could be leased at once.
local function ready_left()
  return redis.call('EXISTS', q .. ':suspects', q .. ':ring:0', q .. ':ring:1', q .. ':ring:2', q .. ':ring:3', q .. ':ring:4') > 0
end
