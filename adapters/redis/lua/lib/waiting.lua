--# use wake
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
