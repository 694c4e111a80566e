package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
	"github.com/boundary-go/jobs/shell/client"
)

// answer is what an Enqueue came to.
type answer struct {
	job core.Job
	err error
}

// gate keeps calls of the near backend from being carried out, until it is opened for some.
type gate struct {
	r    *rig
	pass chan struct{}
	mu   sync.Mutex
	got  []answer
}

func (r *rig) gate() *gate {
	g := &gate{r: r, pass: make(chan struct{})}
	r.near.fail = func([]core.Job) error {
		<-g.pass
		return nil
	}
	return g
}

// enqueue begins to enqueue a job, and returns when that waits for something.
func (g *gate) enqueue(ctx context.Context, opts ...client.Option) {
	g.enqueueTo(ctx, "ada", opts...)
}

// enqueueTo is enqueue of a job with other arguments.
func (g *gate) enqueueTo(ctx context.Context, to string, opts ...client.Option) {
	go func() {
		job, err := g.r.client.Enqueue(ctx, mail{To: to}, opts...)
		g.mu.Lock()
		defer g.mu.Unlock()
		g.got = append(g.got, answer{job, err})
	}()
	synctest.Wait()
}

// open lets n calls through, and waits until what comes of that has come.
func (g *gate) open(n int) {
	for range n {
		g.pass <- struct{}{}
		synctest.Wait()
	}
}

// answers is what has come of the calls, the failed ones last.
func (g *gate) answers() (stored, failed []answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.got {
		if a.err == nil {
			stored = append(stored, a)
		} else {
			failed = append(failed, a)
		}
	}
	return stored, failed
}

// sizes is how many jobs each call had.
func (r *rig) sizes() (sizes []int) {
	r.near.mu.Lock()
	defer r.near.mu.Unlock()
	for _, c := range r.near.calls {
		sizes = append(sizes, len(c))
	}
	return sizes
}

func TestJobsThatComeWhileOthersAreSentGoTogether(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		for range 7 {
			g.enqueue(r.t.Context())
		}
		same(r.t, r.sizes(), []int{1}) // the first waits for nobody
		g.open(1)
		same(r.t, r.sizes(), []int{1, 6})
		g.enqueue(r.t.Context())
		same(r.t, r.sizes(), []int{1, 6})
		g.open(1)
		same(r.t, r.sizes(), []int{1, 6, 1})
		g.open(1)
		stored, failed := g.answers()
		same(r.t, len(stored), 8)
		same(r.t, len(failed), 0)
		for _, a := range stored {
			same(r.t, r.kept(a.job.Ref()), a.job)
		}
	})
}

func TestAfterSeveralOneWhoIsAloneWaitsForNobody(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		for range 4 {
			g.enqueue(r.t.Context())
		}
		g.open(2)
		same(r.t, r.sizes(), []int{1, 3})
		for range 3 {
			g.enqueue(r.t.Context()) // the first looks whether others come, finds none, and so it is as it was before
		}
		same(r.t, r.sizes(), []int{1, 3, 1})
		g.open(1)
		same(r.t, r.sizes(), []int{1, 3, 1, 2})
		g.open(1)
	})
}

func TestAQueueDoesNotWaitForAnother(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		for range 3 {
			g.enqueue(r.t.Context())
		}
		g.enqueue(r.t.Context(), client.OnQueue("slow"))
		same(r.t, r.sizes(), []int{1, 1})
		g.open(3)
	})
}

func TestAHundredThatGatheredWaitForNobody(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		for range 1 + ports.MaxBatch + 1 {
			g.enqueue(r.t.Context())
		}
		same(r.t, r.sizes(), []int{1, ports.MaxBatch})
		g.open(1) // but one is under way still
		same(r.t, r.sizes(), []int{1, ports.MaxBatch})
		g.open(1)
		same(r.t, r.sizes(), []int{1, ports.MaxBatch, 1})
		g.open(1)
	})
}

// Where each of the last 32 calls took long, four are under way before jobs gather; where one was quick, one.
func TestToAFarServerSeveralCallsAreUnderWay(t *testing.T) {
	for _, c := range []struct {
		name  string
		quick int // which of the calls before was
		sizes []int
	}{{"far", -1, []int{1, 1, 1, 1, 2}}, {"near", 17, []int{1, 5}}} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				took := time.Millisecond
				r.near.fail = func([]core.Job) error {
					time.Sleep(took)
					return nil
				}
				for i := range 32 {
					if took = time.Millisecond; i == c.quick {
						took = 300 * time.Microsecond
					}
					r.enqueue(mail{To: "ada"})
				}
				took = 200 * time.Microsecond
				var all sync.WaitGroup
				for range 6 {
					all.Go(func() { r.enqueue(mail{To: "bob"}) })
					synctest.Wait()
				}
				all.Wait()
				same(r.t, r.sizes()[32:], c.sizes)
			})
		})
	}
}

// Of many no more than half go in a call, and two calls are under way; few, and any on one processor, wait for one call to return.
func TestOfManyEachHalfGoesWhileTheOtherIsUnderWay(t *testing.T) {
	for _, c := range []struct {
		name                               string
		processors, callers, calls, atMost int
	}{{"many", 2, 16, 2, 8}, {"few", 2, 5, 1, 5}, {"many on one processor", 1, 16, 1, 16}} {
		t.Run(c.name, func(t *testing.T) {
			defer client.Processors(c.processors)()
			bubble(t, func(r *rig) {
				const times = 50
				together := func(each int) *sync.WaitGroup {
					all := &sync.WaitGroup{}
					for range c.callers {
						all.Go(func() {
							for range each {
								r.enqueue(mail{To: "ada"})
							}
						})
					}
					return all
				}
				r.near.fail = func([]core.Job) error {
					time.Sleep(200 * time.Microsecond)
					return nil
				}
				together(times).Wait() // by then it is known how many they are
				for range times {
					before, open := len(r.sizes()), make(chan struct{})
					r.near.fail = func([]core.Job) error {
						<-open
						return nil
					}
					all := together(1)
					synctest.Wait()
					if under := r.sizes()[before:]; len(under) != c.calls || slices.Max(under) > c.atMost {
						r.t.Errorf("of %d jobs %v were under way", c.callers, under)
					}
					close(open)
					all.Wait()
				}
			})
		})
	}
}

func TestManyBytesThatGatheredWaitForNobody(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		for range 4 {
			g.enqueueTo(r.t.Context(), strings.Repeat("a", 20<<10))
		}
		same(r.t, r.sizes(), []int{1, 2})
		g.open(2)
		same(r.t, r.sizes(), []int{1, 2, 1})
		g.open(1)
	})
}

func TestJobsThatGatheredDoNotWaitForACallThatHangs(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		// later sees that nothing more has gone just before some time is over, and then how many jobs each call has had.
		later := func(d time.Duration, sizes ...int) {
			r.t.Helper()
			before := r.sizes()
			time.Sleep(d - time.Microsecond)
			same(r.t, r.sizes(), before)
			time.Sleep(time.Microsecond)
			synctest.Wait()
			same(r.t, r.sizes(), sizes)
		}
		for range 3 {
			g.enqueue(r.t.Context())
		}
		later(300*time.Microsecond, 1, 2)
		g.enqueue(r.t.Context())
		later(600*time.Microsecond, 1, 2, 1) // the longer, the more calls are under way
		sizes := []int{1, 2, 1}
		for range 10 {
			g.enqueue(r.t.Context())
			time.Sleep(50 * time.Millisecond) // but never longer
			synctest.Wait()
			sizes = append(sizes, 1)
			same(r.t, r.sizes(), sizes)
		}
		g.open(13)
	})
}

func TestWhoDoesNotWaitAnyLongerIsNotSent(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		ctx, cancel := context.WithCancel(r.t.Context())
		g.enqueue(r.t.Context())
		g.enqueue(ctx)
		g.enqueue(r.t.Context())
		cancel()
		synctest.Wait()
		_, failed := g.answers()
		same(r.t, len(failed), 1)
		says(r.t, failed[0].err, context.Canceled)
		if errors.Is(failed[0].err, ports.ErrUncertain) {
			r.t.Error("a job that was not sent is perhaps stored")
		}
		g.open(2)
		same(r.t, r.sizes(), []int{1, 1})
		if out, err := r.near.Get(r.t.Context(), failed[0].job.Ref()); err != nil || len(out.Jobs) > 0 {
			r.t.Errorf("a job that its caller took back is stored: %v, %v", out.Jobs, err)
		}
	})
}

func TestWhenNobodyWaitsAnyLongerNothingIsSent(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		ctx, cancel := context.WithCancel(r.t.Context())
		g.enqueue(r.t.Context())
		g.enqueue(ctx)
		cancel()
		synctest.Wait()
		g.open(1)
		same(r.t, r.sizes(), []int{1})
		g.enqueue(r.t.Context())
		same(r.t, r.sizes(), []int{1, 1})
		g.open(1)
	})
}

func TestWhoLeavesWhileItsJobIsSentDoesNotKnow(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		ctx, cancel := context.WithCancel(r.t.Context())
		g.enqueue(r.t.Context())
		g.enqueue(ctx)
		g.open(1)
		cancel()
		synctest.Wait()
		_, failed := g.answers()
		same(r.t, len(failed), 1)
		says(r.t, failed[0].err, ports.ErrUncertain)
		says(r.t, failed[0].err, context.Canceled)
		g.open(1)
		r.kept(failed[0].job.Ref())
	})
}

func TestCallsForOneIDHearEachWhatBecameOfTheirs(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		id := uuid.New()
		g.enqueue(r.t.Context())
		for range 3 {
			g.enqueue(r.t.Context(), client.WithID(id))
		}
		g.open(4)
		stored, failed := g.answers()
		same(r.t, len(stored), 2)
		same(r.t, len(failed), 2)
		for _, a := range failed {
			says(r.t, a.err, ports.ErrDuplicate)
			same(r.t, a.job.ID, id)
		}
	})
}

func TestWhatIsToBeConfirmedKeepsNobodyWaiting(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		for range 3 {
			g.enqueue(r.t.Context())
		}
		g.enqueue(r.t.Context(), client.Durable(core.Replicated(1, time.Second)))
		same(r.t, r.sizes(), []int{1, 1})
		g.open(3)
	})
}

func TestOneThatIsRefusedFailsAlone(t *testing.T) {
	bubble(t, func(r *rig) {
		g := r.gate()
		g.enqueue(r.t.Context())
		full := uuid.New()
		for _, id := range []uuid.UUID{uuid.New(), full, uuid.New()} {
			g.enqueue(r.t.Context(), client.WithID(id))
		}
		open := r.near.fail
		r.near.fail = func(jobs []core.Job) error {
			at := slices.IndexFunc(jobs, func(j core.Job) bool { return j.ID == full })
			return errors.Join(open(jobs), ports.Failed(map[int]error{at: ports.ErrQuota}, len(jobs)))
		}
		g.open(2)
		stored, failed := g.answers()
		same(r.t, len(stored), 3)
		same(r.t, len(failed), 1)
		same(r.t, failed[0].job.ID, full)
		says(r.t, failed[0].err, ports.ErrQuota)
	})
}
