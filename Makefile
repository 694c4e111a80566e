# The habits of this project. "make" lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
LINT := go tool -modfile=tools/go.mod golangci-lint
LINT_BENCH := go tool -modfile=../tools/go.mod golangci-lint
FUZZTIME ?= 10s
BENCH ?=
FAIRNESS ?=
SOAK ?= 10m

# Tests say in this file what they were run with, and what they left out.
REPORT := $(shell mktemp -u /tmp/jobs-test-report.XXXXXX)
TELL = status=$$?; sort -u $(REPORT) 2>/dev/null; cat $(REPORT).table 2>/dev/null; rm -f $(REPORT)*; exit $$status

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## run jobs on memory for some seconds, and show what became of them
	@go run ./examples/demo

.PHONY: test
test: ## run all tests; with a real Redis if there is one, or Docker, and say which
	@JOBS_TEST_REPORT=$(REPORT) go test ./...; $(TELL)

.PHONY: unit
unit: ## run the tests that need nothing
	@go test -short $$(go list ./... | grep -v /integration)

.PHONY: race
race: ## run all tests with the race detector
	@JOBS_TEST_REPORT=$(REPORT) go test -race ./...; $(TELL)

.PHONY: cover
cover: ## see that the tests of core reach at least 95 of 100 of its statements
	@profile=$$(mktemp) && go test -count=1 -coverprofile=$$profile ./core >/dev/null && \
		go tool cover -func=$$profile | awk '/^total:/ {print "core is covered to " $$3; exit ($$3+0 < 95)}'; status=$$?; rm -f $$profile; exit $$status

.PHONY: conform
conform: ## hold every adapter to the laws
	@JOBS_TEST_REPORT=$(REPORT) go test -count=1 -run Laws ./adapters/... ./integration/laws; $(TELL)

.PHONY: integration
integration: ## run the stories on real servers
	@JOBS_TEST_REPORT=$(REPORT) go test -count=1 ./integration/...; $(TELL)

.PHONY: faults
faults: ## do to it all that may go wrong, on real servers and networks; takes 25 minutes, and prints a table
	@JOBS_FAULTS=all JOBS_FAULTS_TABLE=$(REPORT).table JOBS_TEST_REPORT=$(REPORT) go test -count=1 -timeout=40m ./integration/faults; $(TELL)

.PHONY: faults-sabotage
faults-sabotage: ## take out one rule against faults at a time, and see which scenario notices
	@go run ./internal/sabotage -faults

.PHONY: soak
soak: ## do all at once, at random, for SOAK (10m) and the time that it takes to be forgotten; nothing may be lost, or grow
	@JOBS_SOAK=$(SOAK) JOBS_FAULTS_TABLE=$(REPORT).table JOBS_TEST_REPORT=$(REPORT) go test -count=1 -timeout=2h -v -run '^TestSoak$$' ./integration/faults | \
		grep -E '^(---|ok|FAIL|[[:space:]]+soak_test|[[:space:]]+scenario_test)'; status=$${PIPESTATUS[0]}; (exit $$status); $(TELL)

.PHONY: tenancy
tenancy: ## run 20,000 jobs of 50 tenants that misbehave, and kill 200 processes that take and deliver orders; 5 minutes
	@JOBS_TENANCY=all JOBS_TEST_REPORT=$(REPORT) go test -count=1 -timeout=30m ./integration/tenancy; $(TELL)

.PHONY: latency
latency: ## measure how soon jobs start: on an idle queue, when they are due, and beside a noisy tenant
	@JOBS_TEST_LATENCY=1 go test -count=1 -v -run 'TestLatency' ./integration | grep -E '^(---|ok|FAIL|\s+(latency|neighbours))'

.PHONY: bench
bench: ## measure how fast jobs go, against goals and peers; 8 minutes; needs redis-server, REDIS_URL or Docker (BENCH="-only 1,4" for other settings)
	@cd bench && go run ./speed $(BENCH)

.PHONY: bench-full
bench-full: ## measure all of that and more; three quarters of an hour; writes a page and plots
	@cd bench && go run ./speed -full -plots ../docs/explanation/performance -page ../docs/explanation/performance.md $(BENCH)

.PHONY: bench-scope
bench-scope: ## measure what a tenant's scope in PostgreSQL costs a job, against a bare transaction, here and over a network; three minutes; needs POSTGRES_URL or Docker
	@cd bench && go run ./scope && go run ./scope -delay 500us -rounds 5 -jobs 5

.PHONY: scripts
scripts: ## measure what jobs cost Redis in each script, and in a fetch with many tenants
	@JOBS_TEST_REPORT=$(REPORT) go test -run '^$$' -bench . ./integration/...; $(TELL)

.PHONY: fairness
fairness: ## measure what quiet tenants wait beside a noisy one, here and elsewhere; 16 minutes; needs redis-server, REDIS_URL or Docker; writes a page (FAIRNESS="-rounds 1" for other settings)
	@cd bench && go run ./fairness -plots ../docs/explanation/fairness -page ../docs/explanation/fairness.md $(FAIRNESS)

.PHONY: bench-test
bench-test: ## run the tests of bench, a module of its own that "make test" does not reach
	@cd bench && go test ./...

.PHONY: fuzz
fuzz: ## fuzz each target for FUZZTIME (10s)
	@set -e; for target in $$(grep -rhoE 'func Fuzz[A-Za-z]+' --include='*_test.go' . | cut -c6- | sort -u); do \
		package=$$(grep -rlE "func $$target\(" --include='*_test.go' . | head -n1 | xargs dirname); \
		go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
	done

.PHONY: fmt
fmt: ## format the code
	@$(LINT) fmt ./...
	@cd bench && $(LINT_BENCH) fmt ./...

.PHONY: lint
lint: ## look for what the compiler lets pass
	@$(LINT) run ./...
	@cd bench && $(LINT_BENCH) run ./...

.PHONY: docs
docs: ## make anew what is generated: the reference of the configuration, its schema, the code in the pages
	@go generate ./...

.PHONY: sabotage
sabotage: ## take out one rule at a time and see that a test notices
	@go run ./internal/sabotage

.PHONY: tidy
tidy: ## bring the modules' files up to date
	@go mod tidy && cd tools && go mod tidy && cd ../bench && go mod tidy

.PHONY: vuln
vuln: ## look for known vulnerabilities; needs the network
	@go tool -modfile=tools/go.mod govulncheck ./...

.PHONY: check
check: lint bench-test cover race ## all that CI runs
	@$(MAKE) --no-print-directory fuzz FUZZTIME=3s
	@$(MAKE) --no-print-directory sabotage
