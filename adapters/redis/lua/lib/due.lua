-- due: sees to what time has done: jobs that have become due, and leases that ran out. Of fetches that follow each other closely not each
-- does, while all of them find enough.
local LOOK = 5 -- ms
local looked = false

-- take_up makes the jobs of one holder ready again, unless it is me, whose lease ended by till. By till, not by now alone: when the
-- server's clock jumps, nobody's lease has run out for that.
local function take_up(me, till)
  local ended = math.min(now, till)
  local first = redis.call('ZRANGE', q .. ':holders', 0, 1, 'WITHSCORES')
  for i = 1, #first, 2 do
    if first[i] ~= me and tonumber(first[i + 1]) <= now then
      local reclaimed = tonumber(first[i + 1]) <= ended
      if reclaimed then
        rarely().reclaim(first[i])
      end
      first = redis.call('ZRANGE', q .. ':holders', reclaimed and '-inf' or '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 2, 'WITHSCORES')
      break
    end
  end
  for i = 1, #first, 2 do
    if first[i] ~= me then
      return sooner(tonumber(first[i + 1]))
    end
  end
end

local function look_after()
  looked = true
  for _, kind in ipairs({'scheduled', 'retrying'}) do
    local key = q .. ':' .. kind
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[1] and tonumber(head[2]) <= now then
      rarely().promote(key)
      head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    end
    if head[1] then
      sooner(tonumber(head[2]))
    end
  end
  take_up(holder, tonumber(ARGV[8]))
end

local function look_after_since(last)
  if now < last or now >= last + LOOK then
    look_after()
  end
end
