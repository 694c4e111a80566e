// Command sabotage takes out one rule of the code at a time and sees that a test notices: each law's rule in an
// adapter, each import rule, and rules of the core. It prints which check caught it, and fails if one
// was missed or if a law has no saboteur.
//
// The sources stay as they are: it works on copies of them.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	tc "github.com/testcontainers/testcontainers-go"
	tcredis "github.com/testcontainers/testcontainers-go/modules/redis"

	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/ports/portstest"
)

// sabotage is one rule that is taken out.
type sabotage struct {
	rule string // the rule, in words; a law's is its name
	file string
	old  string // what stands there, once; empty to add the file
	new  string
	pkg  string // whose tests are to notice
	run  string // which of them

	imports string // what the new text needs imported that the file does not import
}

func main() {
	only := flag.String("only", "", "take out the rules only whose name or file matches this expression")
	side := flag.Int("side-by-side", 3, "how many at once")
	faulty := flag.Bool("faults", false, "take out the rules against faults, for the scenarios of integration/faults to notice")
	flag.Parse()
	all := slices.Concat(coreRules, configRules, clientRules, workerRules, offerRules, importRules, memoryRules, redisRules, usageRules, tenancyRules)
	missing := lawsWithout(all)
	if *faulty {
		all, missing = faultRules, nil
	}
	for _, law := range missing {
		fmt.Printf("NO SABOTEUR  %s\n", law)
	}
	if *only != "" {
		pattern := regexp.MustCompile(*only)
		all = slices.DeleteFunc(all, func(s sabotage) bool { return !pattern.MatchString(s.rule) && !pattern.MatchString(s.file) })
	}
	ctx := context.Background()
	stop, err := server(ctx)
	if err != nil {
		fmt.Println("there is no Redis for the adapter's laws:", err)
		os.Exit(1)
	}
	if slices.ContainsFunc(all, func(s sabotage) bool { return s.pkg == tenancy }) {
		stopRedis := stop
		url, stopPostgres, err := pgtest.Open(ctx)
		stop = func() { stopRedis(); stopPostgres() }
		if err := errors.Join(err, os.Setenv("JOBS_TEST_POSTGRES_URL", url)); err != nil {
			fmt.Println("there is no PostgreSQL for the tests of the tenant scope:", err)
			stop()
			os.Exit(1)
		}
	}
	built, err := build(ctx, all)
	if err := errors.Join(err, sound(ctx, all)); err != nil {
		fmt.Println(err)
		stop()
		os.Exit(1)
	}
	missed := tryAll(ctx, all, built, *side)
	_ = os.RemoveAll(built)
	stop()
	if missed+len(missing) > 0 {
		fmt.Printf("%d of %d missed\n", missed, len(all))
		os.Exit(1)
	}
	fmt.Printf("all %d were caught\n", len(all))
}

// server starts a Redis for the tests, unless JOBS_TEST_REDIS_URL names one.
func server(ctx context.Context) (stop func(), err error) {
	const at = "JOBS_TEST_REDIS_URL"
	if os.Getenv(at) != "" {
		return func() {}, nil
	}
	defer func() { // the library panics where it finds no daemon at all
		if v := recover(); v != nil {
			stop, err = func() {}, fmt.Errorf("%v", v)
		}
	}()
	c, err := tcredis.Run(ctx, "redis:7", tc.WithLogger(log.New(io.Discard, "", 0)))
	stop = func() { _ = tc.TerminateContainer(c, tc.StopTimeout(0)) }
	if err != nil {
		return stop, err
	}
	url, err := c.ConnectionString(ctx)
	if err != nil {
		return stop, err
	}
	return stop, errors.Join(os.Setenv(at, url), os.Unsetenv("JOBS_TEST_REQUIRE"))
}

// sound sees that the scenarios pass before anything is taken out.
func sound(ctx context.Context, all []sabotage) error {
	var names []string
	for _, s := range all {
		if name, _, _ := strings.Cut(s.run, "/"); s.pkg == faults && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	cmd, err := sabotage{pkg: faults, run: strings.Join(names, "|")}.command(ctx, ".", "")
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		text, _ := noticed(string(out))
		return fmt.Errorf("the scenarios fail before anything was taken out: %w: %s", err, text)
	}
	return nil
}

// lawsWithout is the laws that no saboteur breaks.
func lawsWithout(all []sabotage) (missing []string) {
	for _, law := range portstest.Laws() {
		if !slices.ContainsFunc(all, func(s sabotage) bool { return s.rule == law.Name }) {
			missing = append(missing, law.Name)
		}
	}
	return missing
}

// tryAll tries them side by side, each side on a copy of the sources, and counts those that nothing noticed. The folder built is from build.
func tryAll(ctx context.Context, all []sabotage, built string, sides int) (missed int) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan sabotage)
	for range sides {
		wg.Go(func() {
			dir, err := copied(ctx)
			defer func() { _ = os.RemoveAll(dir) }()
			for s := range next {
				verdict, ok := fmt.Sprint(err), false
				if err == nil {
					verdict, ok = s.try(ctx, dir, built)
				}
				mu.Lock()
				if !ok {
					missed++
				}
				fmt.Printf("%-8s %-24s %s\n         %s\n", map[bool]string{true: "caught", false: "MISSED"}[ok], filepath.Base(s.file), s.rule, verdict)
				mu.Unlock()
			}
		})
	}
	for _, s := range all {
		next <- s
	}
	close(next)
	wg.Wait()
	return missed
}

// copied is a folder with all that git knows of, or does not ignore, as it is in the work tree.
func copied(ctx context.Context) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "sabotage-"); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", `git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$0"`, dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("copying the sources: %w: %s", err, out)
	}
	return dir, nil
}

// ready is the tests that need not be built anew when a rule is taken out, by package, with those of them that must pass
// before: the laws on Redis read the scripts when they run, and who imports whom is asked of the folder.
var ready = map[string]string{"adapters/redis": "^(TestLaws|TestUsageLapses)$", ".": "^(TestWhoImportsWhom|TestCoreStartsNothing|TestNoInit)"}

// built reports whether the rule's test is one of them.
func (s sabotage) built() bool {
	return ready[s.pkg] != "" && (strings.HasSuffix(s.file, ".lua") || s.file != "" && s.old == "")
}

// build builds those that are needed, into a folder, and sees that nothing is wrong before anything is taken out.
func build(ctx context.Context, all []sabotage) (built string, err error) {
	if built, err = os.MkdirTemp("", "sabotage-"); err != nil {
		return "", err
	}
	for pkg, run := range ready {
		if !slices.ContainsFunc(all, func(s sabotage) bool { return s.pkg == pkg && s.built() }) {
			continue
		}
		test := testOf(built, pkg)
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-tags=sabotage", "-o", test, "./"+pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			return built, fmt.Errorf("building the tests of %s: %w: %s", pkg, err, firstLine(string(out)))
		}
		cmd = exec.CommandContext(ctx, test, "-test.run="+run)
		cmd.Dir = filepath.FromSlash("./" + pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			text, _ := noticed(string(out))
			return built, fmt.Errorf("the tests of %s fail before anything was taken out: %w: %s", pkg, err, text)
		}
	}
	return built, nil
}

// testOf is where build puts the tests of a package.
func testOf(built, pkg string) string {
	return filepath.Join(built, strings.ReplaceAll(pkg, "/", "-")+".test")
}

// command runs the tests that are to notice, in the copy.
func (s sabotage) command(ctx context.Context, dir, built string) (cmd *exec.Cmd, err error) {
	if s.pkg == faults { // they build programs, with files of their own
		cmd = exec.CommandContext(ctx, "go", "test", "-count=1", "-failfast", "-vet=off", "-ldflags=-s -w", "-timeout=5m", "-run", s.run, "./"+s.pkg)
		cmd.Env = append(os.Environ(), "JOBS_TEST_REPORT="+os.DevNull, "JOBS_FAULTS=all", "JOBS_TEST_REDIS_URL=") // they take servers of their own
		cmd.Dir = dir
		return cmd, nil
	}
	test, limit := testOf(built, s.pkg), "2m"
	if !s.built() {
		limit = "5m"
		test, err = s.compile(ctx, dir)
	}
	cmd = exec.CommandContext(ctx, test, "-test.failfast", "-test.timeout="+limit, "-test.run="+s.run)
	cmd.Env = append(os.Environ(), "JOBS_TENANCY=few")
	cmd.Dir = filepath.Join(dir, s.pkg)
	return cmd, err
}

// compile builds the rule's tests from the sources as they are but for the one file, which is taken from the copy: so what was compiled before
// need not be again. What is run once is not optimised.
func (s sabotage) compile(ctx context.Context, dir string) (test string, err error) {
	overlay, err := s.overlay(dir)
	if err != nil {
		return "", err
	}
	test = filepath.Join(dir, "changed.test")
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-gcflags=-N -l", "-ldflags=-s -w", "-overlay="+overlay, "-o", test)
	if s.pkg == "adapters/redis" {
		cmd.Args = append(cmd.Args, "-tags=sabotage")
	}
	cmd.Args = append(cmd.Args, "./"+s.pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile: %w: %s", err, firstLine(string(out)))
	}
	return test, nil
}

// overlay tells the go command to take the file from the copy.
func (s sabotage) overlay(dir string) (path string, err error) {
	file, err := filepath.Abs(s.file)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{file: filepath.Join(dir, s.file)}})
	path = filepath.Join(dir, "overlay.json")
	return path, errors.Join(err, os.WriteFile(path, text, 0o600))
}

// try takes the rule out of a copy, runs the tests, and puts it back. It gives what noticed.
func (s sabotage) try(ctx context.Context, dir, built string) (verdict string, caught bool) {
	path := filepath.Join(dir, s.file)
	before, err := s.apply(path)
	if err != nil {
		return err.Error(), false
	}
	defer func() {
		if s.old == "" {
			_ = os.Remove(path)
		} else {
			_ = os.WriteFile(path, before, 0o600)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	cmd, err := s.command(ctx, dir, built)
	if err != nil {
		return err.Error(), false
	}
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	switch text := string(out); {
	case err == nil:
		return "nothing noticed: go test -run '" + s.run + "' ./" + s.pkg, false
	case strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]"):
		return "it does not compile: " + firstLine(text), false
	default:
		return noticed(text)
	}
}

// apply changes the file, and gives what it was before.
func (s sabotage) apply(path string) (before []byte, err error) {
	if s.old == "" {
		return nil, os.WriteFile(path, []byte(s.new), 0o600)
	}
	if before, err = os.ReadFile(path); err != nil {
		return nil, err
	}
	if n := strings.Count(string(before), s.old); n != 1 {
		return nil, fmt.Errorf("%q stands in %s %d times, and should once", s.old, s.file, n)
	}
	text := strings.Replace(string(before), s.old, s.new, 1)
	if s.imports != "" {
		text = strings.Replace(text, "import (\n", "import (\n\t\""+s.imports+"\"\n", 1)
	}
	return before, os.WriteFile(path, []byte(text), 0o600)
}

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// noticed is the innermost test that failed, or how the tests ended; and whether it was for a test that they failed.
func noticed(out string) (what string, byTest bool) {
	found := failedTest.FindAllStringSubmatch(out, -1)
	if len(found) == 0 {
		return firstLine(out), strings.Contains(out, "panic: ")
	}
	deepest := found[0][1]
	for _, m := range found {
		if strings.HasPrefix(m[1], deepest+"/") {
			deepest = m[1]
		}
	}
	return "by " + deepest, true
}

func firstLine(out string) string {
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return "(nothing was said)"
}
