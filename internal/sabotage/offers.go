package main

// offerRules takes out rules of jobs that are handed to one who offered places for them.
var offerRules = []sabotage{
	onRedis("who has an offer is handed what is enqueued", "lua/lib/hand.lua", "redis.call('HINCRBY', q .. ':counts', 'enqueued', n)", ""),
	onRedis("an offer is for so many jobs, and for so long", "lua/lib/hand.lua", "now <= tonumber(ends) and #ARGV[4] <= 16 * places", "#ARGV[4] <= 16 * places"),
	onRedis("an offer is for so many jobs, and for so long", "lua/lib/hand.lua", " and #ARGV[4] <= 16 * places", ""),
	onRedis("an offer that is taken back says how much of it is left", "lua/lib/offer.lua", "math.max(0, want - known + (mine and rest or 0))", "want"),
	onRedis("an offer that is taken back says how much of it is left", "lua/lib/hand.lua", "places - n, rev", "places, rev"),
	onRedis("an offer that is asked for gives again what was handed, or ends", "lua/lib/again.lua", "redis.call('HDEL', q, 'offer')", ""),
	onRedis("nothing is handed that would pass by jobs that are ready, or limits", "lua/lib/hand.lua", "ring .. 2, ring .. 3", "ring .. 3"),
	onRedis("nothing is handed that would pass by jobs that are ready, or limits", "lua/enqueue.lua", "not (meta[1] or meta[2] or meta[4] or meta[5])", "not (meta[1] or meta[2] or meta[4])"),
	onRedis("nothing is handed that would pass by jobs that are ready, or limits", "lua/enqueue.lua", "not (meta[1] or meta[2] or meta[4] or meta[5])", "not (meta[1] or meta[2] or meta[5])"),
	onRedis("nothing is handed that would pass by jobs that are ready, or limits", "lua/enqueue.lua", " and ARGV[3] == '1' then", " then"),
	onRedis("nothing is handed that would pass by jobs that are ready, or limits", "lua/lib/hand.lua", "all = ARGV[at + 2] == '' and size", "all = size"),
	onRedis("nothing is handed that would pass by jobs that are ready, or limits", "lua/lib/fetch.lua", "offers.make(#ids < max and not bounds and #ids)", "offers.make(#ids < max and #ids)"),
	onRedis("an offer is one holder's at a time, and ends when he goes", "lua/lib/offer.lua", " or whose and not mine and tonumber(rest) > 0 and tonumber(ends) >= now", ""),
	onRedis("an offer is one holder's at a time, and ends when he goes", "roster.go", `strings.HasPrefix(offer, holder+" ")`, "offer == holder"),
	onRedis("what was handed and is not known of is given back, or taken up", "lua/lib/hand.lua", "redis.call('ZADD', q .. ':holders', till, holder)", ""),
	ofWorker("what may have been handed is asked for when word may be lost", "link.go", "\t\t\tl.deaf()\n", "", "TestNothingHandedIsLost"),
	ofWorker("what was handed and is not told of is asked for", "beat.go", "\ts.overdue()\n", "", "TestNothingHandedIsLost"),
	ofWorker("what comes twice is taken in once", "admit.go", "return slices.Contains(req.handed, ", "return false && slices.Contains(req.handed, ", "TestNothingHandedIsLost"),
	ofWorker("the backend's time is known before a job that was handed runs", "offer.go", "\tl.clock.begin(h.Now, o.sent)\n", "", "TestAJobIsHandedBeforeTheFirstAnswer"),
	ofWorker("an idle worker offers its places", "offer.go", "free <= 0 || ", "free <= 0 || true || ", "TestAnIdleWorkerIsHandedJobs"),
	ofWorker("places that are for other queues are not offered", "offer.go", "len(l.sources) > 1 || ", "", "TestNoOfferIsMadeOfPlacesThatAreForOthers"),
	ofWorker("places that are for other tenants are not offered", "offer.go", " || req.Share > 0", "", "TestNoOfferIsMadeOfPlacesThatAreForOthers"),
	ofWorker("a worker that stops takes its offer back", "fetch.go", "\t\t\tl.takeBack(ctx)\n", "", "TestAWorkerThatStopsTakesItsOfferBack"),
	ofWorker("a worker that stops gives back what it has not heard of", "beat.go", "\t\tif s.lostReply() {\n\t\t\ts.extend(ctx, s.extension(true))", "\t\tif false {\n\t\t\ts.extend(ctx, s.extension(true))", "TestAWorkerThatStopsTakesItsOfferBack"),
}
