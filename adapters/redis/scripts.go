package redis

import (
	"context"
	"crypto/sha1" //nolint:gosec // it is the name that Redis gives a script
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed lua/*.lua lua/lib/*.lua
var sources embed.FS

// script is a Lua script with its parts put in.
type script struct {
	name, source   string
	byText, byName [2]any // how it is called: by its text, or by the name that Redis gives it
	urgent         bool   // it is called on the connections that are kept for heartbeats and outcomes
}

var (
	enqueueScript      = load("enqueue")
	leaseScript        = load("lease")
	extendScript       = load("extend").first()
	giveBackScript     = load("giveback").first()
	swapScript         = load("swap").first()
	exchangeScript     = load("exchange").first()
	changeScript       = load("change")
	cancelScript       = load("cancel")
	getScript          = load("get")
	countScript        = load("count")
	linesScript        = load("lines")
	pauseScript        = load("pause")
	limitScript        = load("limit")
	assignScript       = load("assign")
	allowanceScript    = load("allowance")
	recordScript       = load("record")
	purgeScript        = load("purge")
	purgeJobsScript    = load("purgejobs")
	purgeDoneScript    = load("purgedone")
	purgeHistoryScript = load("purgehistory")
	quarantineScript   = load("quarantine")
	queuesScript       = load("queues")
	auditScript        = load("audit")
	verifyScript       = load("verify")
	mendScript         = load("mend")
	checkScript        = load("check")
	rosterScript       = load("roster")
	accountScript      = load("account")
	usageScript        = load("usage")
	loadScript         = load("load")
	whoseScript        = load("whose")
	forgetScript       = load("forgetusage")
)

var use = regexp.MustCompile(`(?m)^--# use (.*)$`)

// load reads a script. A wrong name is a fault of this package, and panics when the program starts.
func load(name string) *script {
	s := &script{name: name}
	s.read(sources)
	return s
}

// read reads the script's text, and puts the parts in that it says it uses.
func (s *script) read(from fs.FS) {
	s.source = whole(from, "lua/"+s.name+".lua")
	sum := sha1.Sum([]byte(s.source)) //nolint:gosec // as above
	s.byName, s.byText = [2]any{"evalsha", hex.EncodeToString(sum[:])}, [2]any{"eval", s.source}
}

// whole is a source with the parts that it uses.
func whole(from fs.FS, path string) string {
	return use.ReplaceAllStringFunc(text(from, path), func(line string) string {
		var parts []string
		for part := range strings.FieldsSeq(use.FindStringSubmatch(line)[1]) {
			parts = append(parts, whole(from, "lua/lib/"+part+".lua"))
		}
		return strings.Join(parts, "\n")
	})
}

// first is the script as one that does not wait behind others.
func (s *script) first() *script {
	s.urgent = true
	return s
}

func text(from fs.FS, path string) string {
	text, err := fs.ReadFile(from, path)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// absent makes of a queue's key one that never exists.
const absent = ":absent"

// once is a command that the client must not send again by itself: the first may have been
// carried out, and only we know what that means.
type once struct{ *redis.Cmd }

// NoRetry tells the client so.
func (once) NoRetry() bool { return true }

// boxed is a key as commands take it, and the one that is named beside it.
type boxed struct {
	name        string
	key, absent any
}

func box(key string) *boxed {
	on := &boxed{name: key, key: key}
	if strings.HasSuffix(key, "}") {
		on.absent = key + absent
	}
	return on
}

// mostBoxed is of how many queues the keys are known in that form.
const mostBoxed = 10_000

// on is the key of a queue, for scripts. With it a second one is named, which
// never exists: while a Cluster moves the slot to another server, some of the queue's keys are here and some there, and a
// script that names a key that is not here is refused before it has begun.
func (b *Backend) on(queue string) *boxed {
	b.mu.Lock()
	defer b.mu.Unlock()
	on := b.keys[queue]
	if on == nil {
		on = box(b.queueKey(queue))
		if len(b.keys) < mostBoxed {
			b.keys[queue] = on
		}
	}
	return on
}

// front is how many places before its arguments a command needs for its name and its keys.
const front = 5

// with is arguments as calls take them, with room in front.
func with(args ...any) []any { return append(make([]any, front, front+len(args)), args...) }

// command is a call of the script on a key, by its name or with its text. It is written into the room before the arguments.
func (s *script) command(ctx context.Context, whole bool, on *boxed, args []any) once {
	name := s.byName
	if whole {
		name = s.byText
	}
	if on.absent == nil {
		args = args[1:]
		args[2], args[3] = 1, on.key
	} else {
		args[2], args[3], args[4] = 2, on.key, on.absent
	}
	args[0], args[1] = name[0], name[1]
	cmd := redis.NewCmd(ctx, args...)
	cmd.SetFirstKeyPos(3)
	return once{cmd}
}

// run calls a script on a key. A server that does not know it is given its text.
func (b *Backend) run(ctx context.Context, s *script, key string, args ...any) (any, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	return b.runKey(ctx, s, box(key), with(args...))
}

// runKey is run for a key, and arguments, that are there as commands take them.
func (b *Backend) runKey(ctx context.Context, s *script, on *boxed, args []any) (any, error) {
	if s.urgent {
		return b.runOn(ctx, b.servers.first(), s, on, args)
	}
	return b.runOn(ctx, b.servers.client(), s, on, args)
}

// processor sends a command.
type processor interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// runOn calls a script over a client, or one connection of it. The arguments have room in front.
func (b *Backend) runOn(ctx context.Context, client processor, s *script, on *boxed, args []any) (any, error) {
	cmd := s.command(ctx, false, on, args)
	_ = client.Process(ctx, cmd)
	if err := cmd.Err(); err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd = s.command(ctx, true, on, args)
		_ = client.Process(ctx, cmd)
	}
	reply, err := cmd.Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		if redis.HasErrorPrefix(err, "WRONGTYPE") && s != mendScript && s != verifyScript {
			b.rescue(ctx, on.name)
		}
		return nil, b.failed(ctx, s.name, err)
	}
	return reply, nil
}

// call is one of several calls of a script, and what came of it.
type call struct {
	on     *boxed
	args   []any      // with room for a name
	room   *arguments // that they are in, where it is to be given back
	places []int      // of the jobs that it is about, among those of the caller; where that matters
	outcome
}

// outcome is what came of a call.
type outcome struct {
	reply any
	err   error
}

// runAll calls a script several times in one round trip. Calls that a server did not know the script for
// are made again with its text.
func (b *Backend) runAll(ctx context.Context, s *script, calls []call) {
	if len(calls) == 1 {
		if calls[0].err = b.begin(ctx); calls[0].err == nil {
			calls[0].reply, calls[0].err = b.runKey(ctx, s, calls[0].on, calls[0].args)
		}
		return
	}
	// The client's time for a write, and for the replies, is that of a whole pipeline.
	for some := range slices.Chunk(calls, maxPipeline) {
		left := make([]*call, len(some))
		for i := range some {
			left[i] = &some[i]
		}
		for _, whole := range []bool{false, true} {
			left = b.pipeline(ctx, s, whole, left)
		}
	}
}

const maxPipeline = 16

// pipeline makes calls, and gives those for which the script was not known.
func (b *Backend) pipeline(ctx context.Context, s *script, whole bool, calls []*call) (left []*call) {
	if len(calls) == 0 {
		return nil
	}
	closed := b.begin(ctx)
	pipe := b.servers.client().Pipeline()
	cmds := make([]once, len(calls))
	for i, c := range calls {
		cmds[i] = s.command(ctx, whole, c.on, c.args)
		_ = pipe.Process(ctx, cmds[i])
	}
	if closed == nil {
		_, _ = pipe.Exec(ctx)
	}
	for i, c := range calls {
		reply, err := cmds[i].Result()
		switch {
		case closed != nil:
			c.outcome = outcome{err: closed}
		case err != nil && redis.HasErrorPrefix(err, "NOSCRIPT"):
			left = append(left, c)
		case err != nil && !errors.Is(err, redis.Nil):
			c.outcome = outcome{err: b.failed(ctx, s.name, err)}
		default:
			c.outcome = outcome{reply: reply}
		}
	}
	return left
}
