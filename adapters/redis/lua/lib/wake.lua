-- wake: a token for each of up to n holders who wait for work, those first who began last.
local function wake(n)
  local waiting = redis.call('ZPOPMAX', q .. ':waiters', n)
--# use tokens
end
