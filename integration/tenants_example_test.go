package integration_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/boundary-go/jobs/integration/pgtest"
	"github.com/boundary-go/jobs/integration/redistest"
)

// tenantsExample is the program of the tutorial of tenants, with servers for it.
func tenantsExample(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	database := pgtest.Start(t, pgtest.AtHand).Database(t)
	redis := redistest.Start(t, redistest.AtHand)
	_, prefix := redis.ClientFor(t)
	program := filepath.Join(t.TempDir(), "tenants")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../examples/tenants").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	run := exec.CommandContext(ctx, program, args...)
	run.Dir = ".." // where a reader runs it
	run.Env = append(os.Environ(), "DATABASE_URL="+database, "REDIS_URL="+redis.URL, "JOBS__BACKENDS__MAIN__PREFIX="+prefix)
	return run
}

func TestTenantsExample(t *testing.T) {
	t.Parallel()
	run := tenantsExample(t, "-try")
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, words := range []string{
		"acme ordered the anvil for acme: order 1 is placed", "globex ordered the lamp for globex: order 1 is placed",
		"acme     1       anvil for acme    shipped", "acme     2       rocket for acme   shipped", "globex   1       lamp for globex   shipped",
		"neither tenant sees the other's orders", "initech is no tenant: 404",
	} {
		if !strings.Contains(string(out), words) {
			t.Errorf("it does not say %q:\n%s", words, out)
		}
	}
	if n := strings.Count(string(out), " shipped\n"); n != 3 {
		t.Errorf("%d orders are shipped:\n%s", n, out)
	}
}

// TestTenantsExampleServes asks the program from outside, and stops it as Ctrl-C does.
func TestTenantsExampleServes(t *testing.T) {
	t.Parallel()
	run := tenantsExample(t, "-addr", "127.0.0.1:0")
	var log buffer
	run.Stdout, run.Stderr = &log, &log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = run.Process.Signal(os.Interrupt)
		if err := run.Wait(); err != nil || strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("it ended with %v\n%s", err, log.String())
		}
	}()
	soon := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it does not come about that %s:\n%s", what, log.String())
			}
		}
	}
	var url string
	soon("it listens", func() bool {
		url = regexp.MustCompile(`http://[0-9.:]+`).FindString(log.String())
		return url != ""
	})
	if status, body := askAs(t, http.MethodPost, url+"/orders?item=anvil", "acme"); status != http.StatusCreated || body != `{"id":1,"item":"anvil","status":"placed"}` {
		t.Errorf("an order is answered with %d: %s", status, body)
	}
	soon("the order is shipped", func() bool {
		_, body := askAs(t, http.MethodGet, url+"/orders", "acme")
		return body == `[{"id":1,"item":"anvil","status":"shipped"}]`
	})
	if status, body := askAs(t, http.MethodGet, url+"/orders", "globex"); status != http.StatusOK || body != "[]" {
		t.Errorf("of the other tenant: %d: %s", status, body)
	}
	for _, nobody := range []string{"", "initech", "ACME", "tenant_acme", "acme, globex"} {
		if status, body := askAs(t, http.MethodPost, url+"/orders?item=anvil", nobody); status != http.StatusNotFound {
			t.Errorf("of %q: %d: %s", nobody, status, body)
		}
	}
}

// askAs sends a request of a tenant.
func askAs(t *testing.T, method, url, tenant string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Tenant", tenant)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(text))
}
