-- fetch: claims jobs whose time has come for a holder, as many as there are up to max. On the way it sees to what time has done; of fetches that
-- follow each other closely not each does, while all of them find enough.
local LOOK = 5 -- ms
local limited, met, looked = meta[3] and true or false, nil, false
local placed, more = {}, 0 -- what is noted of jobs that are to be cancelled, or take something of a limit; 1 if something was left for the sake of the holder's share
typed = meta[5] and true or false
--# use share

-- rarely gives what most fetches have no use for, as careful does where there are limits: what a script defines is made anew by each call.
local rare, bounds
local function rarely()
  rare = rare or (function()
--# use read turn line waiting note free window aside odd sooner promote takeup sweep
return {rouse = rouse, tenant_of = tenant_of, type_of = type_of, ready_left = ready_left, wake = wake, passes = passes, sooner = sooner,
  promote = promote, reclaim = reclaim, sweep = sweep}
end)()
  return rare
end
--# use due
local fill = (limited or typed or meta[4]) and (function()
--# use careful
return fill
end)()
if now < (tonumber(meta[6]) or 0) or now >= (tonumber(meta[6]) or 0) + LOOK then
  look_after()
end
if limited then
  bounds.rested(now)
end
if now >= (tonumber(meta[2]) or 0) + 1000 then
  rarely().sweep(tonumber(ARGV[9]))
  if limited then
    bounds.forget_tiers()
  end
end
local offers, left = ARGV[10] ~= '' and (function()
--# use offer
return {take_back = take_back, make = make_offer}
end)(), 0
if offers then
  left, max = offers.take_back(max)
end
--# use take
if #ids < max then
  if not looked then
    look_after() -- whoever waits is told when the next look is due
  end
  redis.call('ZADD', q .. ':waiters', now, holder)
elseif max > 0 and looked then
  redis.call('HSET', q, 'looked', now)
end
-- has another who waits look, if this lease is full and there is more.
if #ids == max and meta[1] ~= '1' and not (meta[4] and bounds.is_full()) and redis.call('ZCARD', q .. ':waiters') > 0 and rarely().ready_left() then
  rarely().wake(1)
end
local rev = 0
if #ids > 0 then
--# use hold
end
local offered = offers and offers.make(#ids < max and not bounds and meta[1] ~= '1' and #ids) or 0
local fetched = {now, next_look, rev, now + ttl, suspect, table.concat(ids), records, table.concat(corrupt_ids), table.concat(newer_ids), more, offered, left}
