-- grant: whose jobs of limited types are the next.
local granted = {} -- by type and lane, how many may start

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
