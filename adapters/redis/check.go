package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/ports"
)

// Check implements [ports.Checker]: whether the server is new enough, keeps what it is given, and lets us do what we do;
// and how far its clock is from ours, which is of no consequence, and good to know.
func (b *Backend) Check(ctx context.Context) ([]ports.Finding, error) {
	if err := b.begin(ctx); err != nil {
		return nil, err
	}
	info, err := b.servers.client().Info(ctx).Result() // all of it: old servers take one section at a time
	if err != nil {
		return nil, b.failed(ctx, "check", err)
	}
	said := infoOf(info)
	findings := []ports.Finding{checkVersion(said), checkEviction(said), b.checkPersistence(ctx, said)}
	missing, keyless, err := b.mayNotCall(ctx)
	if err != nil {
		return findings, err
	}
	before := time.Now()
	answer, err := b.run(ctx, checkScript, b.opts.Prefix+":{*}", b.skew())
	if err != nil {
		if errors.Is(err, ports.ErrRefused) {
			return append(findings, b.checkRights(missing, keyless, err)), nil
		}
		return findings, err
	}
	r := replyOf(answer)
	now := instant(r.int())
	missing = append(missing, strings.Fields(r.text())...)
	if err := r.failure("check"); err != nil {
		return findings, err
	}
	return append(findings, b.checkRights(missing, keyless, nil), checkClock(now.Sub(before.Add(time.Since(before)/2)))), nil
}

// checkRights judges what the user may not do: touch our keys, give commands, or else run the script as a whole.
func (b *Backend) checkRights(missing []string, keyless bool, refused error) ports.Finding {
	var lacks []string
	if keyless || refused != nil && ofKeys(refused) {
		keys := b.opts.Prefix + ":*"
		lacks = append(lacks, fmt.Sprintf("the user may not touch keys %s; add ~%[1]s to its rights", keys))
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		missing = slices.Compact(missing) // scripts and we ourselves may lack the same
		lacks = append(lacks, "the user may not give "+strings.Join(missing, ", "))
	}
	if len(lacks) == 0 && refused != nil {
		lacks = append(lacks, refusal(refused))
	}
	if len(lacks) > 0 {
		return ports.Finding{Subject: "rights", Grade: ports.Unfit, Text: strings.Join(lacks, "; ")}
	}
	return ports.Finding{Subject: "rights", Text: "all that is needed"}
}

// ofKeys reports whether a server refused a call for its keys, and not for the command. Each server has words of its own
// for that, and of a script others again; all speak of access to a key.
func ofKeys(err error) bool {
	said, ok := errors.AsType[redis.Error](err)
	return ok && strings.Contains(said.Error(), " access ") && strings.Contains(said.Error(), " key")
}

// refusal is what the server said when it refused something.
func refusal(err error) string {
	if said, ok := errors.AsType[redis.Error](err); ok {
		text, _, _ := strings.Cut(said.Error(), " script: ")
		return text
	}
	return err.Error()
}

func checkVersion(said map[string]string) ports.Finding {
	f := ports.Finding{Subject: "server", Text: "Redis " + said["redis_version"]}
	if v := said["valkey_version"]; v != "" {
		f.Text = "Valkey " + v
	} else if !atLeast(said["redis_version"], 7, 0) {
		f.Grade, f.Text = ports.Unfit, f.Text+", and 7.0 is the oldest that can be used"
	}
	return f
}

func checkEviction(said map[string]string) ports.Finding {
	f := ports.Finding{Subject: "eviction", Text: "maxmemory-policy " + said["maxmemory_policy"]}
	switch policy := said["maxmemory_policy"]; {
	case policy == "": // a server that does not say
		f.Grade, f.Text = ports.Doubtful, "the server does not say its maxmemory-policy; it should be noeviction"
	case policy != "noeviction":
		f.Grade, f.Text = ports.Unfit, f.Text+": a full server drops jobs; it should be noeviction"
	}
	return f
}

// checkPersistence tells what outlives the server. How often the file is written it may not let us know.
func (b *Backend) checkPersistence(ctx context.Context, said map[string]string) ports.Finding {
	if said["aof_enabled"] != "1" {
		return ports.Finding{
			Subject: "persistence", Grade: ports.Doubtful,
			Text: "appendonly no: what was accepted since the last snapshot is lost when the server ends",
		}
	}
	text := "appendonly yes"
	if got, err := b.servers.client().ConfigGet(ctx, "appendfsync").Result(); err == nil && got["appendfsync"] != "" {
		text += ", appendfsync " + got["appendfsync"]
	}
	return ports.Finding{Subject: "persistence", Text: text}
}

func checkClock(ahead time.Duration) ports.Finding {
	f := ports.Finding{Subject: "clock", Text: fmt.Sprintf("within %s of ours", max(ahead.Abs(), time.Millisecond).Round(time.Millisecond))}
	if ahead.Abs() > time.Second {
		f.Grade, f.Text = ports.Doubtful, fmt.Sprintf("%s from ours; jobs go by the server's", ahead.Round(time.Millisecond))
	}
	return f
}

// noTimeout is none that a server waits for, which it says after it has looked at the user's rights. For the shortest that there is a
// server with nothing else to do takes up to 0.1 s.
const noTimeout = "-1"

// mayNotCall gives each command that is not given by scripts alone, and tells which of them the user may not give, and
// whether it may give some of them, but not on our keys.
func (b *Backend) mayNotCall(ctx context.Context) (missing []string, keyless bool, err error) {
	key := b.opts.Prefix + ":{*}"
	pipe := b.servers.client().Pipeline()
	for _, c := range [][]any{
		{"time"},
		{"scan", "0", "match", key},
		{"blpop", key, noTimeout},
		{"lrange", key, 0, 0},
		{"smembers", key},
		{"hkeys", key},
		{"zrank", key, "a"},
		{"zrevrank", key, "a"},
		{"zscan", key, "0"},
	} {
		pipe.Do(ctx, c...)
	}
	cmds, _ := pipe.Exec(ctx)
	for _, cmd := range cmds {
		switch err := cmd.Err(); {
		case redis.HasErrorPrefix(err, "NOPERM") && ofKeys(err):
			keyless = true
		case redis.HasErrorPrefix(err, "NOPERM"):
			missing = append(missing, cmd.Name())
		case err != nil && !errors.Is(err, redis.Nil) && !redis.HasErrorPrefix(err, "timeout is negative"):
			return nil, false, b.failed(ctx, "check", err)
		}
	}
	return missing, keyless, nil
}
