-- careful: how jobs are chosen where something has limits.
--# use read wanted
local plain, from_lane = {weight = 1, free = true}, {}
local tenant_of, type_of, sooner = rarely().tenant_of, rarely().type_of, rarely().sooner
met = {}
bounds = (function()
local rouse, ready_left = rarely().rouse, rarely().ready_left
--# use limits look rest meet whole tiers
local types = typed and (function()
--# use pop lane contend grant grants lanes sideline sift
return {grant_all = grant_all, lanes_of = lanes_of, from_lanes = from_lanes, stand_back = stand_back, sort_out = sort_out, sideline_all = sideline_all}
end)() or nil
return {turn_of = turn_of, meet = meet, allowed = allowed, charge = charge, settle_up = settle_up, start = start, repose = repose, rested = rested,
  forget_tiers = forget_tiers, room = whole_room, started = whole_started, is_full = whole_is_full, types = types}
end)()
--# use pick popped admit choose fill
