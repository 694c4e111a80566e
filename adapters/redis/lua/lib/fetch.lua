-- fetch: claims jobs whose time has come for a holder, as many as there are up to max. On the way it sees to what time has done.
local meta = redis.call('HMGET', q, 'paused', 'swept', 'limited', 'whole', 'typed', 'looked', 'offer')
local limited, met, plain, from_lane = meta[3] and true or false, {}, {weight = 1, free = true}, {}
typed = meta[5] and true or false

-- rarely gives what most fetches have no use for, and bounds is there only where there are limits: what a script defines is made anew by each call.
local rare, bounds, tenant_of, type_of
local function rarely()
  rare = rare or (function()
--# use turn line waiting note free window aside promote takeup sweep
return {rouse = rouse, tenant_of = tenant_of, type_of = type_of, ready_left = ready_left, wake = wake, unreadable = unreadable, promote = promote,
  reclaim = reclaim, sweep = sweep}
end)()
  return rare
end
--# use sooner
bounds = (limited or typed or meta[4]) and (function()
local rouse, ready_left = rarely().rouse, rarely().ready_left
tenant_of, type_of = rarely().tenant_of, rarely().type_of
--# use limits look rest meet whole tiers
local types = typed and (function()
--# use pop lane contend grant grants lanes sideline sift
return {grant_all = grant_all, lanes_of = lanes_of, from_lanes = from_lanes, stand_back = stand_back, sort_out = sort_out, sideline_all = sideline_all}
end)() or nil
return {turn_of = turn_of, meet = meet, allowed = allowed, charge = charge, settle_up = settle_up, start = start, repose = repose, rested = rested,
  forget_tiers = forget_tiers, room = whole_room, started = whole_started, is_full = whole_is_full, types = types}
end)()
--# use even pick popped admit choose due fill hold
look_after_since(tonumber(meta[6]) or 0)
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
local ids, records, suspect = {}, {}, 0
if max > 0 and meta[1] ~= '1' then
  local room = meta[4] and bounds.room(meta[4], max) or max
  if room > 0 then
    ids, records, suspect = fill(room, ARGV[7] == '1')
  end
  if meta[4] then
    bounds.started(ids)
  end
end
if #ids < max then
  if not looked then
    look_after() -- whoever waits is told when the next look is due
  end
  redis.call('ZADD', q .. ':waiters', now, holder)
elseif max > 0 and looked then
  redis.call('HSET', q, 'looked', now)
end
if #ids == max and meta[1] ~= '1' then
  call_others(meta[4] and bounds.is_full())
end
local rev = #ids > 0 and hold(leases, ids, suspect, bounds and bounds.capped and ':q' or '') or 0
local offered = offers and offers.make(#ids < max and not bounds and meta[1] ~= '1' and #ids) or 0
local fetched = {now, next_look, rev, now + ttl, suspect, table.concat(ids), records, table.concat(corrupt_ids), table.concat(newer_ids), more, offered, left}
