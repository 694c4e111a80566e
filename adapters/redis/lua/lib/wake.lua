-- wake: a token for each of up to n holders who wait for work, those first who began last.
local function wake(n)
  local waiting = redis.call('ZPOPMAX', q .. ':waiters', n)
  for i = 1, #waiting, 2 do
    local list = q .. ':wake:' .. waiting[i]
    redis.call('RPUSH', list, 'w')
    redis.call('PEXPIRE', list, 60000)
  end
end
