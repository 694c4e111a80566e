package portstest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

var waitLaws = []Law{
	{"who waits is woken by a job", wokenByJob},
	{"who waits is woken by a job that came before he waited", wokenInBetween},
	{"who waits is woken by a time that is nearer than he knew", wokenByNearerTime},
	{"who waits is woken when a queue goes on", wokenByResume},
	{"who waits is woken by a job handed back", wokenByHandBack},
	{"one job wakes one of those who wait, and many wake more", wakesOne},
	{"who was woken and has no use for it wakes another", wakesOn},
	{"a wait without news ends at its limit", waitEnds},
	{"a wait ends with its context", waitCancelled},
	{"a wait tells of the queues that were asked for", waitsForSome},
}

const patience = 20 * time.Second // far more than any wake-up takes

// waiting begins a wait, and gives what it will come to.
func (w *world) waiting(holder string, limit time.Duration, queues ...string) <-chan ports.Woken {
	woken := make(chan ports.Woken, 1)
	go func() {
		out, err := w.Backend.Wait(w.ctx, limit, holder, queues...)
		if err == nil {
			woken <- out
		}
		close(woken)
	}()
	return woken
}

// wakes expects that a wait on the queue, begun by the idle holder before f happens, tells of work.
func (w *world) wakes(why string, f func()) {
	w.leaseNone(ann, "before the wait")
	woken := w.waiting(ann, patience, queue)
	f()
	out := <-woken
	w.must(slices.Equal(out.Work, []string{queue}), "%s: not woken, got %+v", why, out)
}

func wokenByJob(w *world) {
	for range 3 {
		w.wakes("a job", func() { w.enqueue() })
		w.swap(w.done(w.leaseOne(ann)))
	}
}

func wokenInBetween(w *world) {
	w.leaseNone(ann, "at first")
	w.enqueue()
	out := <-w.waiting(ann, patience, queue)
	w.must(slices.Equal(out.Work, []string{queue}), "not woken, got %+v", out)
}

func wokenByNearerTime(w *world) {
	w.enqueue(in(time.Hour))
	w.wakes("a nearer time", func() { w.enqueue(in(time.Minute)) })
}

func wokenByResume(w *world) {
	w.did("Pause", w.Backend.Pause(w.ctx, queue))
	w.enqueue()
	w.wakes("a queue that goes on", func() { w.did("Resume", w.Backend.Resume(w.ctx, queue)) })
}

func wokenByHandBack(w *world) {
	w.enqueue()
	j := w.lease(bob, 1)[0]
	w.wakes("a job handed back", func() { w.swap(w.settled(j, core.Outcome{Ending: core.Interrupted})) })
	j = w.lease(bob, 1)[0]
	retry := time.Duration(0)
	w.wakes("a job to be retried at once", func() {
		w.swap(w.settled(j, core.Outcome{Ending: core.Erred, Delay: &retry}))
		w.Advance(2 * time.Second)
	})
}

func wakesOne(w *world) {
	holders := []string{ann, bob, "holder-cid"}
	idle := func() (waits []<-chan ports.Woken) {
		for _, h := range holders {
			w.leaseNone(h, "at first")
		}
		for _, h := range holders {
			waits = append(waits, w.waiting(h, 2*time.Second, queue))
		}
		return waits
	}
	woken := func(waits []<-chan ports.Woken) (n int) {
		for _, c := range waits {
			if out := <-c; len(out.Work) > 0 {
				n++
			}
		}
		return n
	}
	waits := idle()
	w.enqueue()
	n := woken(waits)
	w.must(n == 1, "one job woke %d of three", n)
	w.swap(w.done(w.leaseOne(ann)))
	waits = idle()
	for range 3 {
		w.enqueue()
	}
	n = woken(waits)
	w.must(n == 3, "three jobs woke %d of three", n)
}

func wakesOn(w *world) {
	w.leaseNone(bob, "at first")
	w.leaseNone(ann, "at first")
	w.enqueue()
	w.ask(w.request("holder-cid", 0)) // has no place free, and passes it on
	first, second := w.waiting(ann, patience, queue), w.waiting(bob, patience, queue)
	out, also := <-first, <-second
	w.must(len(out.Work) == 1 && len(also.Work) == 1, "woken: %+v and %+v, want both", out, also)
}

func waitEnds(w *world) {
	w.leaseNone(ann, "at first")
	began := time.Now()
	out, err := w.Backend.Wait(w.ctx, 1200*time.Millisecond, ann, queue)
	w.did("Wait", err)
	took := time.Since(began)
	w.must(len(out.Work)+len(out.Cancel) == 0, "news out of nothing: %+v", out)
	w.must(took >= time.Second && took < patience, "a wait of 1.2s took %s", took)
}

func waitCancelled(w *world) {
	w.leaseNone(ann, "at first")
	ctx, end := context.WithCancel(w.ctx)
	began := time.Now()
	time.AfterFunc(200*time.Millisecond, end)
	_, err := w.Backend.Wait(ctx, 2*patience, ann, queue)
	w.must(errors.Is(err, context.Canceled), "a wait whose context ended gives %v", err)
	w.must(time.Since(began) < patience, "it took %s to end", time.Since(began))
	w.enqueue() // the word that was left is not lost with the wait
	out := <-w.waiting(ann, patience, queue)
	w.must(len(out.Work) == 1, "the next wait is not woken")
}

func waitsForSome(w *world) {
	for _, q := range []string{queue, "mail", "bulk"} {
		req := w.request(ann, 1)
		req.Queue = q
		w.ask(req)
	}
	woken := w.waiting(ann, patience, "mail", "bulk")
	w.enqueue(on("bulk"))
	out := <-woken
	w.must(slices.Equal(out.Work, []string{"bulk"}), "woken for %v, want bulk", out.Work)
	w.enqueue()
	out = <-w.waiting(ann, patience, queue, "mail")
	w.must(slices.Equal(out.Work, []string{queue}), "woken for %v, want %s", out.Work, queue)
}
