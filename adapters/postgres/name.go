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

// place is the names of a tenant's schema and role, found to be good and as SQL has them. The zero place is nobody's.
type place struct {
	schema, role string // as they are
	user         string // whom the connection is of
}

// placeOf is where a tenant's data is. What is no place for a tenant is one that is not there.
func placeOf(t ports.Tenancy) (place, error) {
	if t.ID == "" {
		return place{}, nil
	}
	err := CheckSchema(t.Schema)
	if t.Role != "" {
		err = errors.Join(err, CheckSchema(t.Role))
	}
	if err != nil {
		return place{}, fmt.Errorf("postgres: tenant %q: %w: %w", t.ID, ports.ErrUnknownTenant, err)
	}
	return place{schema: t.Schema, role: t.Role}, nil
}

// enter makes a session the tenant's: of search_path nothing is left but its schema, with temporary tables last so that none stands before
// one of the tenant's. It holds for the session, as a handler may end the transaction that it is given.
func (p place) enter() string { return p.set("set ") }

// enterLocally is enter for a transaction.
func (p place) enterLocally() string { return p.set("set local ") }

func (p place) set(how string) string {
	if p.schema == "" {
		return ""
	}
	sql := how + "search_path to " + quoted(p.schema) + ", pg_temp"
	if p.role != "" {
		sql += "; " + how + "role " + quoted(p.role)
	}
	return sql
}

// check fails with [notThere] unless the schema is there, the session may use it, and it is the first of its path.
func (p place) check() string {
	if p.schema == "" {
		return "select 1"
	}
	return "select 1/(pg_catalog.current_schema() is not distinct from " + literal(p.schema) + ")::int"
}

// stays fails with [notThere] unless the session is still the tenant's. PostgreSQL shows a path with or without the quotes, as the name needs them.
func (p place) stays() string {
	if p.schema == "" {
		return "select 1"
	}
	return "select 1/(pg_catalog.current_setting('search_path') in (" + literal(p.schema+", pg_temp") + ", " + literal(quoted(p.schema)+", pg_temp") +
		") and current_user = " + literal(cmp.Or(p.role, p.user)) + ")::int"
}

// SQLSTATEs that say that a tenant's place is not there (https://www.postgresql.org/docs/current/errcodes-appendix.html).
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
