package server

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// OpenPostgres is the URL of the PostgreSQL at url, or without one of a server in a container; and how to end that.
func OpenPostgres(ctx context.Context, url string) (string, func(), error) {
	stop := func() {}
	if url == "" {
		address, end, err := contained(ctx, "postgres:latest", "5432", "ready to accept connections",
			map[string]string{"POSTGRES_PASSWORD": "bench", "POSTGRES_DB": "bench"}, func(port string) []string {
				return []string{"postgres", "-p", port, "-c", "shared_buffers=1GB"}
			})
		if err != nil {
			return "", nil, fmt.Errorf("there is no PostgreSQL to measure on: set POSTGRES_URL to an empty database, or start Docker: %w", err)
		}
		url, stop = "postgres://postgres:bench@"+address+"/bench", end
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, url)
		if err == nil {
			return url, stop, connection.Close(ctx)
		}
		select {
		case <-ctx.Done():
			stop()
			return "", nil, fmt.Errorf("the PostgreSQL does not answer: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
