// Package postgres lets handlers work in their tenant's schema of a PostgreSQL. It promises that what a handler asks its
// context for ([Tx], [Connection], [SQLTx]) sees the schema of the job's tenant and nothing else, or is not given at all; that a
// connection goes back to its pool as it came, or is closed, whatever the handler did; and that what a handler did
// through a transaction that it left open is kept if it returned nil, and otherwise is not.
//
// It is made for well-meant handlers. One that changes its search_path has its transaction refused, but SQL can name any
// schema that the database role may use: give each tenant a role of its own ([ports.Tenancy].Role) where that must fail.
package postgres
