-- due: sees to what time has done: jobs that have become due, and leases that ran out: those of one holder, unless it is this one, whose lease ended
-- by ARGV[8]. By that, not by now alone: when the server's clock jumps, nobody's lease has run out for that.
local function look_after()
  looked = true
  local soon = next_look > 0 and next_look or 1 / 0
  for _, kind in ipairs({'scheduled', 'retrying'}) do
    local key = q .. ':' .. kind
    local head = redis.call('ZRANGE', key, '0', '0', 'WITHSCORES')
    if head[1] and tonumber(head[2]) <= now then
      rarely().promote(key)
      head = redis.call('ZRANGE', key, '0', '0', 'WITHSCORES')
    end
    soon = math.min(soon, tonumber(head[2] or 1 / 0))
  end
  local ended = math.min(now, tonumber(ARGV[8]))
  local first = redis.call('ZRANGE', q .. ':holders', '0', '1', 'WITHSCORES')
  for i = 1, #first, 2 do
    if first[i] ~= holder and tonumber(first[i + 1]) <= now then
      local reclaimed = tonumber(first[i + 1]) <= ended
      if reclaimed then
        rarely().reclaim(first[i])
      end
      first = redis.call('ZRANGE', q .. ':holders', reclaimed and '-inf' or '(' .. now, '+inf', 'BYSCORE', 'LIMIT', 0, 2, 'WITHSCORES')
      break
    end
  end
  if first[1] then
    soon = math.min(soon, tonumber(first[1] ~= holder and first[2] or first[4] or 1 / 0))
  end
  next_look = soon < 1 / 0 and soon or 0
end
