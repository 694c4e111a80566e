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
	name, source, sha string
	urgent            bool // it is called on the connections that are kept for heartbeats and outcomes
}

var (
	enqueueScript      = load("enqueue")
	leaseScript        = load("lease")
	extendScript       = load("extend").first()
	giveBackScript     = load("giveback").first()
	swapScript         = load("swap").first()
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
	s.source = use.ReplaceAllStringFunc(text(from, "lua/"+s.name+".lua"), func(line string) string {
		var parts []string
		for part := range strings.FieldsSeq(use.FindStringSubmatch(line)[1]) {
			parts = append(parts, text(from, "lua/lib/"+part+".lua"))
		}
		return strings.Join(parts, "\n")
	})
	sum := sha1.Sum([]byte(s.source)) //nolint:gosec // as above
	s.sha = hex.EncodeToString(sum[:])
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

// command is a call of the script on a key, by its name or with its text. With a queue's key a second one is named, which
// never exists: while a Cluster moves the slot to another server, some of the queue's keys are here and some there, and a
// script that names a key that is not here is refused before it has begun.
func (s *script) command(ctx context.Context, whole bool, key string, args []any) once {
	all := make([]any, 0, len(args)+5)
	if whole {
		all = append(all, "eval", s.source)
	} else {
		all = append(all, "evalsha", s.sha)
	}
	if strings.HasSuffix(key, "}") {
		all = append(all, 2, key, key+absent)
	} else {
		all = append(all, 1, key)
	}
	cmd := redis.NewCmd(ctx, append(all, args...)...)
	cmd.SetFirstKeyPos(3)
	return once{cmd}
}

// run calls a script on a key. A server that does not know it is given its text.
func (b *Backend) run(ctx context.Context, s *script, key string, args ...any) (any, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	if s.urgent {
		return b.runOn(ctx, b.servers.first(), s, key, args)
	}
	return b.runOn(ctx, b.servers.client(), s, key, args)
}

// processor sends a command.
type processor interface {
	Process(ctx context.Context, cmd redis.Cmder) error
}

// runOn calls a script over a client, or one connection of it.
func (b *Backend) runOn(ctx context.Context, client processor, s *script, key string, args []any) (any, error) {
	cmd := s.command(ctx, false, key, args)
	_ = client.Process(ctx, cmd)
	if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
		cmd = s.command(ctx, true, key, args)
		_ = client.Process(ctx, cmd)
	}
	reply, err := cmd.Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		if redis.HasErrorPrefix(err, "WRONGTYPE") && s != mendScript && s != verifyScript {
			b.rescue(ctx, key)
		}
		return nil, b.failed(ctx, s.name, err)
	}
	return reply, nil
}

// call is one of several calls of a script.
type call struct {
	key  string
	args []any
}

// outcome is what came of a call.
type outcome struct {
	reply any
	err   error
}

// runAll calls a script several times in one round trip. Calls that a server did not know the script for
// are made again with its text.
func (b *Backend) runAll(ctx context.Context, s *script, calls []call) []outcome {
	out := make([]outcome, len(calls))
	if len(calls) == 1 {
		out[0].reply, out[0].err = b.run(ctx, s, calls[0].key, calls[0].args...)
		return out
	}
	all := make([]int, len(calls))
	for i := range all {
		all[i] = i
	}
	// The client's time for a write, and for the replies, is that of a whole pipeline.
	for left := range slices.Chunk(all, maxPipeline) {
		for _, whole := range []bool{false, true} {
			left = b.pipeline(ctx, s, whole, calls, left, out)
		}
	}
	return out
}

const maxPipeline = 16

// pipeline makes some of the calls, and gives those for which the script was not known.
func (b *Backend) pipeline(ctx context.Context, s *script, whole bool, calls []call, some []int, out []outcome) (left []int) {
	if len(some) == 0 {
		return nil
	}
	closed := b.begin(ctx)
	pipe := b.servers.client().Pipeline()
	cmds := make([]once, len(some))
	for i, n := range some {
		cmds[i] = s.command(ctx, whole, calls[n].key, calls[n].args)
		_ = pipe.Process(ctx, cmds[i])
	}
	if closed == nil {
		_, _ = pipe.Exec(ctx)
	}
	for i, n := range some {
		reply, err := cmds[i].Result()
		switch {
		case closed != nil:
			out[n] = outcome{err: closed}
		case redis.HasErrorPrefix(err, "NOSCRIPT"):
			left = append(left, n)
		case err != nil && !errors.Is(err, redis.Nil):
			out[n] = outcome{err: b.failed(ctx, s.name, err)}
		default:
			out[n] = outcome{reply: reply}
		}
	}
	return left
}
