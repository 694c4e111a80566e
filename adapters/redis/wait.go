package redis

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/core"
	"github.com/boundary-go/jobs/ports"
)

// mailbox is what a holder was told and has not read yet.
type mailbox struct {
	mu        sync.Mutex
	work      map[string]bool // queues
	cancel    map[string]bool
	handed    []handed
	err       error           // of the last who listened
	listening map[string]bool // by the first of the keys listened to
	bell      chan struct{}   // holds one ring
}

// handed is a token with jobs that were leased to the holder.
type handed struct{ queue, token string }

func (m *mailbox) ring() {
	select {
	case m.bell <- struct{}{}:
	default:
	}
}

// Wait implements [ports.Queue]. It keeps a connection waiting at the server, in a Cluster one for each
// queue. Those may wait for longer than the call: what they are told is kept for the next.
func (b *Backend) Wait(ctx context.Context, limit time.Duration, holder string, queues ...string) (ports.Woken, error) {
	if err := b.begin(ctx); err != nil {
		return ports.Woken{}, err
	}
	m := b.mailboxOf(holder)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		woken, tokens, err := m.collect(queues)
		for _, h := range tokens {
			err = errors.Join(err, b.open(ctx, holder, h, &woken))
		}
		if err != nil || len(woken.Work)+len(woken.Cancel)+len(woken.Handed) > 0 {
			return woken, err
		}
		for _, group := range b.groups(queues) {
			b.listen(m, holder, limit, group) //nolint:contextcheck // it may outlive the call
		}
		select {
		case <-m.bell:
			if err := b.begin(ctx); err != nil {
				return ports.Woken{}, err
			}
		case <-timer.C:
			return ports.Woken{}, nil
		case <-ctx.Done():
			return ports.Woken{}, ctx.Err()
		}
	}
}

func (b *Backend) mailboxOf(holder string) *mailbox {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.mailbox[holder] == nil {
		b.mailbox[holder] = &mailbox{
			work: map[string]bool{}, cancel: map[string]bool{}, listening: map[string]bool{}, bell: make(chan struct{}, 1),
		}
	}
	return b.mailbox[holder]
}

// groups is the queues that one connection can listen to together.
func (b *Backend) groups(queues []string) [][]string {
	if _, cluster := b.servers.client().(*redis.ClusterClient); !cluster {
		return [][]string{queues}
	}
	groups := make([][]string, len(queues))
	for i, q := range queues {
		groups[i] = []string{q}
	}
	return groups
}

// listen waits at the server for a token in one of the queues' wake lists of the holder, unless that
// is under way already.
func (b *Backend) listen(m *mailbox, holder string, limit time.Duration, queues []string) {
	if len(queues) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listening[queues[0]] {
		return
	}
	m.listening[queues[0]] = true
	keys, names := make([]string, len(queues)), map[string]string{}
	for i, q := range queues {
		keys[i] = b.wakeKey(q, holder)
		names[keys[i]] = q
	}
	go func() {
		ctx := context.Background()
		client := b.servers.client()
		token, err := blpop(ctx, client, max(limit, time.Second), keys) // the client counts in whole seconds
		if err != nil {
			b.servers.heed(ctx, err)
		}
		m.hear(queues[0], names, token, err)
	}()
}

// onceStrings is [once] for a command that is answered with strings.
type onceStrings struct{ *redis.StringSliceCmd }

// NoRetry tells the client not to send it again by itself.
func (onceStrings) NoRetry() bool { return true }

// blpop is BLPOP that is sent once: an answer that was lost may have had jobs, so that whoever waits must know of it. The pipeline only makes the
// command, with the time that it may take.
func blpop(ctx context.Context, client redis.UniversalClient, limit time.Duration, keys []string) ([]string, error) {
	cmd := client.Pipeline().BLPop(ctx, limit, keys...)
	_ = client.Process(ctx, onceStrings{cmd})
	return cmd.Result()
}

// hear takes in what one who listened was told.
func (m *mailbox) hear(group string, names map[string]string, token []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.listening, group)
	switch {
	case errors.Is(err, redis.Nil): // nothing
	case err != nil:
		m.err = failure("wait", err)
	case len(token) == 2 && token[1] == "c":
		m.cancel[names[token[0]]] = true
	case len(token) == 2 && strings.HasPrefix(token[1], "h"):
		m.handed = append(m.handed, handed{names[token[0]], token[1]})
	case len(token) == 2:
		m.work[names[token[0]]] = true
	}
	m.ring()
}

// collect takes what there is to tell of the queues.
func (m *mailbox) collect(queues []string) (woken ports.Woken, tokens []handed, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range queues {
		if m.work[name] {
			woken.Work = append(woken.Work, name)
			delete(m.work, name)
		}
		if m.cancel[name] {
			woken.Cancel = append(woken.Cancel, name)
			delete(m.cancel, name)
		}
	}
	m.handed = slices.DeleteFunc(m.handed, func(h handed) bool {
		asked := slices.Contains(queues, h.queue)
		if asked {
			tokens = append(tokens, h)
		}
		return asked
	})
	err, m.err = m.err, nil
	if len(woken.Work)+len(woken.Cancel) > 0 {
		err = nil
	}
	return woken, tokens, err
}

// open adds to what a holder is told the jobs that a token has, as the script's part hand makes them.
func (b *Backend) open(ctx context.Context, holder string, h handed, woken *ports.Woken) error {
	r := &reader{rest: h.token[1:]}
	told := ports.Handed{Queue: h.queue, Request: r.int48(), Leased: ports.Leased{Now: instant(r.int48())}}
	lease := core.Lease{Holder: holder, Rev: r.int48(), Until: instant(r.int48())}
	ids := r.take(int(r.byte()) * idSize)
	records := make([]any, len(ids)/idSize)
	for i := range records {
		records[i] = r.take(int(r.int48()))
	}
	if r.err != nil {
		return failure("wait", errReply)
	}
	var err error
	if told.Leased, err = b.claimed(ctx, h.queue, told.Leased, lease, ids, records); err != nil {
		return err
	}
	woken.Handed = append(woken.Handed, told)
	return nil
}
