package integration_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs"
)

// patient is an application whose data somebody damages.
type patient struct {
	*application
	redis redis.UniversalClient
	key   string // the queue's own
}

func newPatient(t *testing.T, at place) *patient {
	t.Helper()
	a := at.run(t, "backends: { main: %s }\nqueues: { default: { lease: 3s } }\nroles: [client]")
	return &patient{application: a, redis: at.redis, key: at.prefix + ":{default}"}
}

// jobs enqueues n jobs of a tenant, and gives their IDs as the keys hold them.
func (p *patient) jobs(n int, tenant string, opts ...jobs.EnqueueOption) (ids []string) {
	p.t.Helper()
	for range n {
		j := p.enqueue(work{}, append(opts, jobs.ForTenant(tenant))...)
		ids = append(ids, string(j.ID[:]))
	}
	return ids
}

// do is a command that is to go through.
func (p *patient) do(args ...any) {
	p.t.Helper()
	if err := p.redis.Do(p.t.Context(), args...).Err(); err != nil {
		p.t.Fatalf("%v: %v", args, err)
	}
}

// flaws is what the doctor finds, a line each.
func (p *patient) flaws(mend bool) []string {
	p.t.Helper()
	audit, err := p.operator.Doctor(p.t.Context(), "default", mend)
	if err != nil {
		p.t.Fatal(err)
	}
	var lines []string
	for _, f := range audit.Flaws {
		lines = append(lines, f.String())
	}
	return lines
}

// damages is what may be wrong with a queue: how it comes about, and what the doctor is to say of it.
var damages = []struct {
	what string
	do   func(p *patient)
	says []string // of a key of the wrong type only that is told, until it is mended
	left []string // what cannot be mended
	lost int64    // jobs whose record is gone
}{
	{"a line is lost", func(p *patient) {
		p.jobs(3, "acme")
		p.do("DEL", p.key+":ready:2:acme")
	}, []string{"it is in no place", "it is in no place", "it is in no place", "its tenant has a turn without it"}, nil, 0},
	{"a line has no turn", func(p *patient) {
		p.jobs(3, "acme")
		p.do("LREM", p.key+":ring:2", 0, "acme")
	}, []string{"its tenant has no turn"}, nil, 0},
	{"a tenant has two turns", func(p *patient) {
		p.jobs(3, "acme")
		p.do("RPUSH", p.key+":ring:2", "acme")
	}, []string{"its tenant has no turn, or several"}, nil, 0},
	{"a lane is not said to be one", func(p *patient) {
		p.jobs(3, "acme")
		p.do("RPOPLPUSH", p.key+":ready:2:acme", p.key+":ready:2:acme work")
	}, []string{"it is a lane and not said to be one"}, nil, 0},
	{"a lane is said to be there, and is not", func(p *patient) {
		p.jobs(3, "acme")
		p.do("HSET", p.key+":lanes", "2:acme", " work ")
	}, []string{"it is a lane and not said to be one, or said to be and is none"}, nil, 0},
	{"somebody waits for a type without a lane", func(p *patient) {
		p.jobs(3, "acme")
		p.do("ZADD", p.key+":wanting:work", 2e12, "2:acme")
	}, []string{"it is a lane and not said to be one, or said to be and is none"}, nil, 0},
	{"a tenant has a turn and no line", func(p *patient) {
		p.do("RPUSH", p.key+":ring:2", "ghost")
	}, []string{"its tenant has a turn without it"}, nil, 0},
	{"records are lost", func(p *patient) {
		p.do("HDEL", p.key+":jobs", p.jobs(2, "acme")[1], p.jobs(1, "", jobs.In(time.Second))[0])
	}, []string{`there is no record of it: "ready:2:acme"`, `there is no record of it: "scheduled"`}, nil, 2},
	{"a job stands in line twice", func(p *patient) {
		p.do("RPUSH", p.key+":ready:2:acme", p.jobs(2, "acme")[0])
	}, []string{"it stands in line twice"}, nil, 0},
	{"a job is in two places", func(p *patient) {
		p.do("ZADD", p.key+":failed", 1e15, p.jobs(2, "acme")[0])
	}, []string{`it is in several places: "failed ready:2:acme"`}, nil, 1}, // it stays where it was put: a dead letter
	{"a job is said to stand in line", func(p *patient) {
		id := p.jobs(1, "acme", jobs.In(time.Second))[0]
		record := []byte(p.redis.HGet(p.t.Context(), p.key+":jobs", id).Val())
		record[1] |= 1
		p.do("HSET", p.key+":jobs", id, record)
	}, []string{"it is marked as standing in line, and does not"}, nil, 0},
	{"a key is overwritten", func(p *patient) {
		p.do("SET", p.key+":scheduled", "oops")
	}, []string{"it is a string, and should be a zset", "it is in no place", "it is in no place"}, nil, 0},
	{"a line is overwritten", func(p *patient) {
		p.jobs(2, "acme")
		p.do("SET", p.key+":ready:2:acme", "oops")
	}, []string{"it is a string, and should be a list", "its tenant has a turn without it", "it is in no place", "it is in no place"}, nil, 0},
	{"limits are not noted any more", func(p *patient) {
		p.do("HSET", p.key+":limits", "=acme", "0 0 1 1 0 1 0", "override:acme", "1 1 0 1 0 0 0 0")
	}, []string{"there are more limits, or fewer"}, nil, 0},
	{"limits are noted that there are not", func(p *patient) {
		p.do("HSET", p.key, "limited", 3, "typed", 1)
	}, []string{"there are more limits, or fewer"}, nil, 0},
	{"what tenants had is overwritten", func(p *patient) {
		p.do("SET", p.key+":usage:1", "oops")
	}, []string{"it is a string, and should be a hash"}, nil, 0},
	{"a holder is listed who has nothing", func(p *patient) {
		p.do("ZADD", p.key+":holders", 1, "ghost")
	}, []string{"a holder is listed who has none"}, nil, 0},
	{"a generation is left over", func(p *patient) {
		p.do("HSET", p.key+":done:99", "some-job-of-16-by", "")
	}, []string{"it is of a generation that should be gone"}, nil, 0},
	{"the counter of Revs was lost", func(p *patient) {
		j := p.enqueue(work{})
		for range 3 {
			if err := p.operator.Reschedule(p.t.Context(), j.ID, time.Now().Add(time.Second)); err != nil {
				p.t.Fatal(err)
			}
		}
		p.do("HDEL", p.key, "rev")
	}, []string{"the counter of Revs is behind"}, nil, 0},
	{"somebody keeps something of his own there", func(p *patient) {
		p.do("SET", p.key+":stranger", "mine")
	}, []string{"it is none of the queue's keys"}, []string{"it is none of the queue's keys"}, 0},
}

func TestTheDoctorFindsAndMends(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		if at.redis == nil {
			return // nobody can damage what is in memory
		}
		for _, c := range damages {
			t.Run(c.what, func(t *testing.T) {
				at := at
				at.prefix += "-" + strings.ReplaceAll(c.what, " ", "-")
				at.yaml = strings.Replace(at.yaml, "prefix: ", "prefix: '", 1)
				at.yaml = at.yaml[:strings.Index(at.yaml, "prefix: '")] + "prefix: '" + at.prefix[:min(len(at.prefix), 64)] + "' }"
				at.prefix = at.prefix[:min(len(at.prefix), 64)]
				p := newPatient(t, at)
				p.jobs(5, "globex")
				p.jobs(2, "globex", jobs.In(time.Second))
				if found := p.flaws(false); len(found) > 0 {
					t.Fatalf("before anything is damaged: %v", found)
				}
				c.do(p)
				for _, mend := range []bool{false, true} {
					found := p.flaws(mend)
					says := c.says
					if !mend && strings.Contains(says[0], "should be a") {
						says = says[:1]
					}
					for _, words := range says {
						if i := indexOf(found, words); i >= 0 {
							found = append(found[:i], found[i+1:]...)
						} else {
							t.Errorf("mending %v: it does not say %q; left are %v", mend, words, found)
						}
					}
					if len(found) > 0 {
						t.Errorf("mending %v: it says too %v", mend, found)
					}
				}
				if left := p.flaws(false); len(left) != len(c.left) {
					t.Errorf("after it was mended: %v", left)
				}
				p.finish(at, c.lost)
			})
		}
	})
}

// indexOf is where the first text is that says something.
func indexOf(texts []string, words string) int {
	for i, text := range texts {
		if strings.Contains(text, words) {
			return i
		}
	}
	return -1
}

// finish has all jobs but those that are lost run once.
func (p *patient) finish(at place, lost int64) {
	p.t.Helper()
	var mu sync.Mutex
	ran := map[jobs.ID]int{}
	at.run(p.t, "backends: { main: %s }\nqueues: { default: { lease: 3s } }", does(func(ctx context.Context, _ work) error {
		j, _ := jobs.FromContext(ctx)
		mu.Lock()
		defer mu.Unlock()
		ran[j.ID]++
		return nil
	}))
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		tally, err := p.operator.QueueStats(p.t.Context(), "default")
		if err != nil {
			p.t.Fatal(err)
		}
		if tally.Completed == tally.Done.Enqueued-lost && tally.Live() == 0 {
			break
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the tally is %+v", tally)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for id, n := range ran {
		if n != 1 {
			p.t.Errorf("job %s ran %d times", id, n)
		}
	}
}

func TestTheDoctorFindsNothingInABusyQueue(t *testing.T) {
	onEach(t, func(t *testing.T, at place) {
		a := at.run(t, `
backends: { main: %s }
workers: { default: { worker_count: 20 } }
retries: { default: { schedule: [10ms], max_retries: 5 } }
`, does(func(ctx context.Context, w work) error {
			j, _ := jobs.FromContext(ctx)
			switch w.N % 7 {
			case 0:
				if len(j.Runs) > 0 {
					return nil
				}
				return jobs.Snooze(5 * time.Millisecond)
			case 1:
				return jobs.Permanent(context.Canceled)
			case 2:
				return jobs.CancelJob(nil)
			case 3:
				return context.Canceled
			default:
				return nil
			}
		}))
		stop := make(chan struct{})
		var enqueuing sync.WaitGroup
		enqueuing.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				var requests []jobs.Request
				for i := range 50 {
					requests = append(requests, jobs.New(work{N: n * i}, jobs.ForTenant([]string{"a", "b", "c"}[i%3]), jobs.In(time.Duration(i%5)*10*time.Millisecond)))
				}
				if _, err := a.client.EnqueueMany(t.Context(), requests); err != nil {
					t.Error(err)
					return
				}
				for live := int64(1001); live > 1000; { // no more than the worker gets done
					tally, err := a.operator.QueueStats(t.Context(), "default")
					if err != nil {
						t.Error(err)
						return
					}
					live = tally.Live()
				}
			}
		})
		for range 20 {
			for _, mend := range []bool{false, true} {
				audit, err := a.operator.Doctor(t.Context(), "default", mend)
				if err != nil || len(audit.Flaws) > 0 {
					t.Errorf("%d flaws in %d jobs, %v: %v", len(audit.Flaws), audit.Jobs, err, audit.Flaws[:min(3, len(audit.Flaws))])
				}
			}
		}
		close(stop)
		enqueuing.Wait()
	})
}
