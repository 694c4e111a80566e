-- whole: the limits of the queue as a whole. What holds stands in the queue's own fields, so that it costs nothing where there are none;
-- and how many jobs are leased is the sum over the few who hold any.
local WHOLE, whole = '  ', nil

-- whole_room: how many of so many jobs the queue may start.
local function whole_room(text, want)
  local p, leased = parse(text), 0
  bounds.capped = p.places > 0
  for _, one in ipairs(bounds.capped and redis.call('ZRANGE', q .. ':holders', 0, -1) or {}) do
    leased = leased + redis.call('HLEN', q .. ':leases:' .. one)
  end
  whole = look(WHOLE, p, leased)
  return math.min(want, allowed(whole))
end

-- whole_started: notes that so many jobs start, and when more may if it is the rate that holds ready jobs back.
local function whole_started(ids)
  if whole.interval > 0 and #ids > 0 then
    redis.call('ZADD', q .. ':rates', string.format('%.0f', whole.even + #ids * whole.interval), WHOLE)
  end
  taken(whole, #ids)
  if whole.room > 0 and allowed(whole) == 0 and ready_left() then
    sooner(from_when(whole))
  end
end

local function whole_is_full()
  return whole ~= nil and allowed(whole) == 0
end
