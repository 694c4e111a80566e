package main

// tenancy is where the tests on PostgreSQL are.
const tenancy = "integration/tenancy"

// ofScope is a safeguard of the tenant scope on PostgreSQL taken out.
func ofScope(rule, file, old, changed, run string) sabotage {
	return sabotage{rule: rule, file: "adapters/postgres/" + file, old: old, new: changed, pkg: tenancy, run: "^" + run + "$"}
}

// ofTenant is a rule of whose jobs run taken out.
func ofTenant(rule, file, old, changed, run string) sabotage {
	return sabotage{rule: rule, file: "shell/tenant/" + file, old: old, new: changed, pkg: "shell/tenant", run: "^" + run + "$"}
}

// tenancyRules takes out rules of how jobs run as their tenants.
var tenancyRules = []sabotage{
	ofScope("names are quoted", "name.go", "return pgx.Identifier{name}.Sanitize()", "_ = pgx.Identifier{}\n\treturn name", "TestHostileTenants"),
	ofScope("a schema has a name that is only its own", "name.go", "if !name.MatchString(s) || s == \"public\"", "if s == \"public\"", "TestHostileTenants"),
	ofScope("public is nobody's", "name.go", "s == \"public\" || ", "", "TestHostileTenants"),
	ofScope("PostgreSQL's own schemas are nobody's", "name.go", ` || strings.HasPrefix(s, "pg_")`, ` && strings.HasPrefix(s, "i")`, "TestHostileTenants"),
	ofScope("the schema is there", "name.go", "pg_catalog.current_schema() is not distinct from \" + literal(h.schema) + \"", "true", "TestHostileTenants"),
	ofScope("the path has nothing but the tenant's schema", "name.go", `quoted(h.schema) + ", pg_temp"`, `quoted(h.schema) + ", public, pg_temp"`, "TestASchemaThatGoesDuringARun"),
	ofScope("temporary tables come last", "name.go", `"search_path to " + quoted(h.schema) + ", pg_temp"`, `"search_path to pg_temp, " + quoted(h.schema)`, "TestJobsRunInTheirTenantsSchema"),
	ofScope("the path holds though a handler ends its transaction", "session.go", `enter + "; commit and chain"`, "enter", "TestJobsRunInTheirTenantsSchema"),
	ofScope("nothing is kept of a transaction that changed its path", "session.go", `s.at.stays()+"; commit"`, `"select 1; commit"`, "TestJobsRunInTheirTenantsSchema"),
	ofScope("a connection is made what it was", "session.go", `"discard all"`, `"select 1"`, "TestJobsRunInTheirTenantsSchema"),
	ofScope("who failed leaves no lock behind", "session.go", "\tif kept {\n", "\tif kept || true {\n", "TestAJobThatFailedLeavesNothingBehind"),
	ofScope("who is done does not wait for its connection to be clean", "session.go", "\tif kept {\n", "\tif kept && false {\n", "TestAJobThatIsDoneDoesNotWaitUntilItsConnectionIsClean"),
	ofScope("news of one tenant is not read by the next", "session.go", "\treturn drain(ctx, conn)\n", "\treturn nil\n", "TestJobsRunInTheirTenantsSchema"),
	ofScope("who had the connection itself does not keep it", "session.go", "if s.exposed {", "if false {", "TestTheConnectionItself"),
	ofScope("a pool keeps no statements", "scope.go", "case pgx.QueryExecModeExec,", "case pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec,", "TestAPoolThatKeepsStatements"),
	ofScope("work without its tenant's home is not done", "scope.go", "denied != nil {\n\t\treturn denied", "denied != nil {\n\t\treturn nil", "TestHostileTenants"),
	ofScope("who lost the lease keeps nothing", "scope.go", "if ports.HasLostLease(ctx) {", "if false {", "TestALostLeaseKeepsNothing"),
	ofScope("what database/sql did is kept after the job's time", "sql.go", "context.WithoutCancel(ctx), nil)", "ctx, nil)", "TestDatabaseSQLIsKeptAfterItsTime"),
	ofScope("of work by database/sql that failed nothing is kept", "once.go", "_ = tx.Rollback() //", "_ = tx //", "TestOnceThatFailsBySQL"),
	ofScope("a connection ends with its run", "connection.go", "if c.run.over {", "if false {", "TestConnection"),
	ofScope("what was done once is not done again", "once.go", "if !first {", "if !first && false {", "TestOnce"),
	ofScope("of work that failed nothing is kept", "once.go", "s.spoiled = err", "_ = s", "TestOnceThatFails"),
	ofScope("a commit tells of what it put into an outbox", "outbox.go", "select pg_catalog.pg_notify('` + channel + `', pg_catalog.current_schema()::text) from put`", "select 1 from put`", "TestOutbox"),
	ofScope("what was committed before somebody listened is not left", "relay.go", "\ttell(told, anywhere)", "\t_ = anywhere", "TestRelayLooksWhenItListens"),
	ofScope("a delay counts from when it was written", "outbox.go", "max(0, j.Delay-max(0, ago))", "j.Delay", "TestRelayAgain"),
	ofScope("what was sent before is taken out", "relay.go", "case err == nil, errors.Is(err, ports.ErrDuplicate):", "case err == nil:", "TestRelayAgain"),
	ofScope("a transaction that was ended in SQL takes no more statements", "transaction.go", "!t.closed && t.run.isIdle()", "!t.closed && false", "TestATransactionThatWasEndedTakesNothing"),
	ofScope("after a transaction that was ended in SQL there is another", "tx.go", "if s.over || !s.isIdle() {", "if true {", "TestATransactionThatWasEndedTakesNothing"),
	ofScope("a transaction is not begun in another", "session.go", "\tif !s.isIdle() {\n\t\treturn nil, errOpen", "\tif false {\n\t\treturn nil, errOpen", "TestATransactionInATransaction"),
	ofScope("what is recorded as done is there when the work is", "once.go", "err == nil && !there {", "err == nil && !there && false {", "TestOnceWhoseTransactionGoesAstray"),
	ofScope("work that did not return is not kept", "once.go", "\t_ = spoil(ctx, errUnfinished)\n", "", "TestOnceWhoseTransactionGoesAstray"),
	ofScope("the connection of rows is not kept", "rows.go", "\tr.run.expose()\n", "", "TestWhatIsKeptBeyondARun"),
	ofScope("the connection of a batch's rows is not kept", "rows.go", "return rows{out, b.run}, err", "return out, err", "TestWhatIsKeptBeyondARun"),
	ofScope("a transaction that may not be kept is closed", "session.go", "\t\t_ = t.Tx.Rollback(ctx) // so that it is closed for who keeps it\n", "", "TestWhatIsKeptBeyondARun"),
	ofScope("a connection is set up again when it is clean", "session.go", "if s.setUp != nil {", "if s.setUp != nil && false {", "TestAPoolThatSetsItsConnectionsUp"),
	ofScope("what a migration sets reaches nobody else", "provision.go", "borrowed.Hijack()\n\tdefer closeNow(context.WithoutCancel(ctx), conn)", "borrowed.Conn()\n\tdefer borrowed.Release()", "TestAMigrationLeavesNothingBehind"),
	ofScope("a migration stays in the tenant's schema", "provision.go", "\tif code(err) == notThere {\n", "\tif code(err) == notThere {\n\t\treturn nil\n", "TestAMigrationLeavesNothingBehind"),
	ofScope("a migration does not end the transaction", "provision.go", "TxStatus() != 'T' {", "TxStatus() == 'E' {", "TestAMigrationLeavesNothingBehind"),
	ofScope("one tenant that is broken keeps no other's outbox from being relayed", "table.go", "coalesce(slug, '')", "slug", "TestRelayWhereATenantIsBroken"),
	ofScope("where tenants cannot be listed those that are known are relayed", "relay.go", "\t} else {\n\t\tr.known = map[string]home{}\n\t}", "\t}\n\tr.known = map[string]home{}", "TestRelayWhereATenantIsBroken"),
	ofScope("a relay has the tenant's role", "relay.go", "all = append(all, at)", "at.role = \"\"\n\t\t\tall = append(all, at)", "TestRelayOfARole"),
	ofScope("a relay says of a schema that it may not use it", "relay.go", "return 0, r.mayUse(ctx, at)", "return 0, nil", "TestRelayOfARole"),
	ofScope("a slow end by database/sql has a bound", "sql.go", "_ = q.raw.PgConn().Conn().Close()", "", "TestDatabaseSQLEndsInTime"),
	ofScope("a transaction by database/sql that could not begin is none", "sql.go", "\tif err := q.begin(ctx, s.at); err != nil {\n", "\ts.sql = q\n\tif err := q.begin(ctx, s.at); err != nil {\n", "TestDatabaseSQLAfterAConnectionThatWasDead"),
	ofScope("a migration is done once", "provision.go", "err == nil && tag.RowsAffected() == 1", "err == nil && tag.RowsAffected() >= 0", "TestProvision"),

	ofTenant("a job of an unknown tenant does not run", "tenant.go", "case errors.Is(err, ports.ErrUnknownTenant):\n\t\treturn t, o.unknown(job)", "case errors.Is(err, ports.ErrUnknownTenant):\n\t\treturn t, nil", "TestWhoseJobsRun"),
	ofTenant("a tenant may be unknown for a time", "tenant.go", "held >= o.UnknownTTL", "held > 1000*o.UnknownTTL", "TestWhoseJobsRun"),
	ofTenant("only who is known to be active runs", "tenant.go", "case t.State == ports.TenantActive:", "case t.State != ports.TenantSuspended && t.State != ports.TenantDeleted:", "TestWhoseJobsRun"),
	ofTenant("an answer is about whom was asked for", "tenant.go", "case t.ID != job.Tenant:", "case false:", "TestWhoseJobsRun"),
	ofTenant("a tenant whose home is gone is looked up again", "cache.go", "{ c.known.Remove(tenant) }", "{}", "TestAHomeThatIsNotThereIsForgotten"),
	ofTenant("what was said of a tenant is believed for a time", "cache.go", "ok && time.Now().Before(e.until)", "ok", "TestACacheRemembersForATime"),
	ofWorker("what is held back was not run", "run.go", "if o.Ending != core.PutAside {", "{", "TestAJobThatMiddlewareHoldsBackWasNotRun"),
}
