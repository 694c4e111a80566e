package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/boundary-go/jobs/ports"
)

// name is what a schema, or a role, may be called: what PostgreSQL does not fold, cut or take for two names.
var name = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// errName says what names a schema or a role may have.
var errName = errors.New("it takes 1 to 63 of a-z, 0-9 and _, no digit first, and is not public or PostgreSQL's own")

// CheckSchema says what is wrong with the name of a tenant's schema, or of its role.
func CheckSchema(s string) error {
	if !name.MatchString(s) || s == "public" || s == "information_schema" || strings.HasPrefix(s, "pg_") {
		return fmt.Errorf("%.80q is no name for a tenant's schema or role: %w", s, errName)
	}
	return nil
}

// home is where a tenant's data is: its schema and role, by names that were found to be good. The zero home is nobody's.
type home struct {
	schema, role string // as they are
	user         string // whom the connection is of
}

// homeOf is a tenant's home. What can be no tenant's is one that is not there.
func homeOf(t ports.Tenancy) (home, error) {
	if t.ID == "" {
		return home{}, nil
	}
	err := CheckSchema(t.Schema)
	if t.Role != "" {
		err = errors.Join(err, CheckSchema(t.Role))
	}
	if err != nil {
		return home{}, fmt.Errorf("postgres: tenant %q: %w: %w", t.ID, ports.ErrUnknownTenant, err)
	}
	return home{schema: t.Schema, role: t.Role}, nil
}

// enter makes a session the tenant's: of search_path nothing is left but its schema, with temporary tables last so that none stands before
// one of the tenant's. It holds for the session, as a handler may end the transaction that it is given.
func (h home) enter() string { return h.set("set ") }

// enterLocally is enter for a transaction.
func (h home) enterLocally() string { return h.set("set local ") }

func (h home) set(how string) string {
	if h.schema == "" {
		return ""
	}
	sql := how + "search_path to " + quoted(h.schema) + ", pg_temp"
	if h.role != "" {
		sql += "; " + how + "role " + quoted(h.role)
	}
	return sql
}

// check fails with [notThere] unless the schema is there, the session may use it, and it is the first of its path.
func (h home) check() string {
	if h.schema == "" {
		return "select 1"
	}
	return "select 1/(pg_catalog.current_schema() is not distinct from " + literal(h.schema) + ")::int"
}

// stays fails with [notThere] unless the session is still the tenant's. PostgreSQL shows a path with or without the quotes, as the name needs them.
func (h home) stays() string {
	if h.schema == "" {
		return "select 1"
	}
	return "select 1/(pg_catalog.current_setting('search_path') in (" + literal(h.schema+", pg_temp") + ", " + literal(quoted(h.schema)+", pg_temp") +
		") and current_user = " + literal(cmp.Or(h.role, h.user)) + ")::int"
}

// SQLSTATEs that say that a tenant's home is not there (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	notThere = "22012" // of a check that failed: a division by zero
	noValue  = "22023" // of a role that there is not, in set role
	noObject = "42704" // of an object that there is not
	noRight  = "42501" // of a role that may not be set
)

// code is the SQLSTATE of an error of PostgreSQL, or "".
func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// quoted is a name as SQL has it, whatever it is.
func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal is a text as SQL has it.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
