package main

// ofSending is a rule taken out of how the client tells a backend which IDs are new.
func ofSending(rule, old, changed string) sabotage {
	return sabotage{rule: rule, file: "shell/client/send.go", old: old, new: changed, pkg: "shell/client", run: "^TestOnlyTheFirstCallOfAnIDMadeHereSaysSo$"}
}

// workerRules takes out rules of how a worker brings outcomes to a backend and gets jobs in one call, of how many may wait in it, of handlers' contexts, and
// of IDs that need not be looked up.
var workerRules = []sabotage{
	ofWorker("outcomes and the next lease go together", "exchange.go", "req := l.along(jobs); req != nil {", "req := l.along(jobs); req != nil && false {", "TestOutcomesAndTheNextLeaseGoTogether"),
	ofWorker("an exchange that fails for good is made in halves", "settle.go", "if alone && !errors.Is(", "if (alone || true) && !errors.Is(", "TestNothingIsLostWithAnExchange"),
	ofWorker("a lease whose exchange failed is asked for again", "exchange.go", "\t\tl.unanswered(s, req)\n", "", "TestNothingIsLostWithAnExchange"),
	ofWorker("a request goes with outcomes only if none is unanswered", "exchange.go", "slices.ContainsFunc(s.open, isFailed) || ", "slices.ContainsFunc(s.open, isFailed) && false || ", "TestARequestIsMadeAgainBeforeOthers"),
	ofWorker("short jobs go to and fro in two halves", "link.go", "l.settleLoop, l.settleLoop,", "l.settleLoop,", "TestShortJobsGoToAndFroInTwoHalves"),
	ofWorker("a lost lease is noticed though the context has ended", "context.go", "\tports.LoseLease(c.Context)\n", "", "TestALostLeaseIsNoticedThoughTheContextHasEnded"),
	ofWorker("one request is under way where a share is small", "exchange.go", "return min(all/2, 2*share/3)", "return all / 2", "TestShortJobsGoToAndFroInTwoHalves"),
	ofWorker("a share that is all there is comes in one request", "exchange.go", " && (l.sole.plenty || !l.pool.crowd.several)", "", "TestAShareThatIsAllThereIsComesInOne"),
	ofWorker("short jobs of one of several queues go in two halves", "exchange.go", "len(o.jobs) > 0 ||", "len(o.jobs) >= 0 ||", "TestShortJobsOfOneOfSeveralQueuesGoInTwoHalves"),
	ofWorker("one request is under way where queues have weights", "exchange.go", "(len(o.jobs) > 0 || l.pool.weighted)", "len(o.jobs) > 0", "TestShortJobsOfOneOfSeveralQueuesGoInTwoHalves"),
	ofWorker("a queue that comes before is asked next", "exchange.go", " && l.leads(l.sole):", ":", "TestAQueueThatComesBeforeIsAskedNext"),
	ofWorker("large jobs are fetched few at a time", "pace.go", "len(jobs)*heavy/bytes, ", "", "TestLargeJobsComeAndGoFewAtATime"),
	ofWorker("how large jobs are is found out with few of them", "pace.go", "firstAsked = 10", "firstAsked = ports.MaxBatch", "TestLargeJobsComeAndGoFewAtATime"),
	ofWorker("large jobs are fetched few at a time with outcomes, too", "exchange.go", "l.reserve(s.paced(min(room, max(len(jobs), l.half()))))", "l.reserve(min(room, max(len(jobs), l.half())))", "TestLargeJobsComeAndGoFewAtATime"),
	ofWorker("small jobs are fetched many at a time", "pace.go", "min(firstAsked*s.pace,", "min(s.pace,", "TestLargeJobsComeAndGoFewAtATime"),
	ofWorker("large jobs are brought back few at a time", "pace.go", "bytes > heavy {", "false {", "TestLargeJobsComeAndGoFewAtATime"),
	ofWorker("a queue that has large jobs is asked until it has no more, or no place is free", "fetch.go", "more = more && got < n", "more = false", "TestLargeJobsBeginInTheOrderOfTheQueues"),
	ofWorker("one request asks for a suspect", "fetch.go", " && l.asking == 1", "", "TestShortJobsGoToAndFroInTwoHalves"),
	ofSending("an ID that was given is looked up", "jobs[i].Fresh = drafts[i].ownID", "jobs[i].Fresh = true"),
	ofSending("an ID that a call may have stored is looked up", "batch[n] = s.drafts[i].job\n", "batch[n] = s.drafts[i].job\n\t\t\tbatch[n].Fresh = s.drafts[i].ownID\n"),
	ofWorker("a share that no answer can go beyond is not told", "share.go", "n <= most && len(has) == 0 {", "n < 0 {", "TestWhatIsToldOfAShare"),
	ofWorker("a request that is made again tells of the share as it is then", "fetch.go", "\t\treq.Share, req.Has = l.share(n)\n", "", "TestWhatIsToldOfAShare"),
	ofWorker("what is told of a share leaves room for what is here", "share.go", "here+n <= most", "n <= most", "TestWhatIsToldOfAShare"),
	ofWorker("what requests under way may bring is of a share, too", "share.go", "most-p.coming()", "most", "TestAShareIsOfBothHalves"),
	ofWorker("who waits for a place does not take one from his tenant's turns", "share.go", "p.shareOf(p.opts.Places + l.prefetch)", "p.most()", "TestHowManyMayWait"),
	ofWorker("no more wait than there are places", "fetch.go", "most := max(l.pool.opts.Places, 10)", "most := 2 * max(l.pool.opts.Places, 10)", "TestHowManyMayWait"),
	ofWorker("no more wait where two requests are under way", "fetch.go", "-ready-p.asked, ports", "-ready, ports", "TestHowManyMayWaitInTwoHalves"),
	ofWorker("while several tenants have work few wait", "fetch.go", "most = l.pool.opts.Places / 4", "most = l.pool.opts.Places", "TestHowManyMayWait"),
	ofWorker("a handler with options that cannot be is refused", "registry.go", "if err := check(h.Spec()); err != nil {", "if err := check(h.Spec()); err != nil && false {", "TestWhatARegistryRefuses"),
	ofWorker("a handler without a function is refused", "registry.go", "\tif s.Run == nil {\n", "\tif false {\n", "TestWhatARegistryRefuses"),
	ofWorker("a handler's retry policy is checked as others are", "registry.go", "s.Retry.Check(); err != nil {", "error(nil); err != nil {", "TestWhatARegistryRefuses"),
	ofWorker("a context that nobody waits for ends in time", "context.go", "time.Now().Before(c.until)", "true", "TestAContextEndsWhetherSomebodyWaitsOrNot"),
	ofWorker("a context ends with its run", "context.go", "c.ended = true", "c.ended = false", "TestAContextEndsWithItsRun"),
	ofWorker("a context that somebody waits for ends with its run", "context.go", "\t\tc.cancel(nil)\n\t\tc.stop()\n", "", "TestAContextEndsWithItsRun"),
	ofWorker("an observer may ask the worker as it starts", "pool.go", "\tp.opts.Observer.Observe(ctx, ports.WorkerStarted{Info: info}) // without", "\tp.mu.Lock()\n\tp.opts.Observer.Observe(ctx, ports.WorkerStarted{Info: info})\n\tp.mu.Unlock() // without", "TestAnObserverMayAskTheWorkerAsItStarts"),
	ofWorker("a result that panics as it is encoded does not undo the work", "run.go", "\t\tif v := recover(); v != nil {\n\t\t\terr =", "\t\tif v := any(nil); v != nil {\n\t\t\terr =", "TestResultThatCannotBeKeptDoesNotUndoTheWork"),
	ofWorker("a job that waits and is given again waits once", "admit.go", "old != nil && old.stage != settling {", "old != nil && old.stage == running {", "TestAJobThatWaitsHereAndIsGivenAgainRunsOnce"),
	ofWorker("a suspect that is given again is counted as often as it is released", "admit.go", "\tif j.Suspect {", "\tif old := s.jobs[j.ID]; j.Suspect && (old == nil || old.stage != running) {", "TestSuspectsAreAskedForAfterOneWasGivenAgain"),
	ofWorker("outcomes wait for room where they are to be kept", "settle.go", "if alone && errors.Is(err, ports.ErrBackendFull) {", "if false {", "TestOutcomesWaitForRoom"),
	ofWorker("what needs no room does not wait for it", "room.go", "if alike(batch) == len(batch) {", "if true {", "TestWhatNeedsNoRoomDoesNotWaitForIt"),
	ofWorker("what needs no room does not wait behind what does", "room.go", "\t\tl.strand(batch)\n", "\t\tpause(ctx, time.Minute)\n\t\tl.strand(batch)\n", "TestWhatNeedsNoRoomDoesNotWaitForIt"),
	ofWorker("one call tells whether there is room", "room.go", "like := o.need() == batch[0].need()", "like := false", "TestNoMoreIsLeasedWhereManyWaitForRoom"),
	ofWorker("who comes while others wait for room waits with them", "room.go", "if len(l.stranded) > 0 && ", "if false && ", "TestOutcomesWaitForRoom"),
	ofWorker("it is not asked for room ever so often", "room.go", "\t\tl.noRoom++\n", "", "TestOutcomesWaitForRoom"),
	ofWorker("leases that a repeated request found count from when they were given", "admit.go", "if req.Repeat {", "if false {", "TestAHandlerEndsBeforeTheLeaseThatARepeatedRequestFound"),
	ofWorker("a job whose lease is not certain any more is not begun", "admit.go", "if now.After(s.certainUntil()) {", "if false {", "TestAHandlerEndsBeforeTheLeaseThatARepeatedRequestFound"),
	ofWorker("a job that was not begun is given back", "admit.go", "{ s.gaveUp = s.request }", "{}", "TestAHandlerEndsBeforeTheLeaseThatARepeatedRequestFound"),
}
