package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/boundary-go/jobs/ports"
)

// failed is failure, of which is heeded what it says of the servers.
func (b *Backend) failed(ctx context.Context, what string, err error) error {
	b.servers.heed(ctx, err)
	return failure(what, err)
}

// failure says of a call that failed what that means: not carried out, or perhaps. The error keeps
// what the client said; the client never says what is in a URL.
func failure(what string, err error) error {
	return fmt.Errorf("redis: %s: %w: %w", what, meaning(err), err)
}

// meaning sorts the errors of the client and the server.
func meaning(err error) error {
	var reply redis.Error
	switch {
	case errors.Is(err, redis.ErrClosed):
		return ports.ErrClosed
	case errors.As(err, &reply):
		return meaningOfReply(reply.Error())
	case notSent(err):
		return ports.ErrUnavailable
	default: // the connection broke, or the time was up: nobody knows
		return ports.ErrUncertain
	}
}

// meaningOfReply sorts what the server said: it did not do it, but for one case.
func meaningOfReply(text string) error {
	if strings.HasPrefix(text, "OOM ") {
		return ports.ErrBackendFull
	}
	if strings.HasPrefix(text, "WRONGTYPE") { // in the middle of a script, perhaps; see rescue
		return ports.ErrUncertain
	}
	for _, passing := range []string{
		"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "NOREPLICAS", "BUSY", "MISCONF", "max number of clients",
	} {
		if strings.Contains(text, passing) {
			return ports.ErrUnavailable
		}
	}
	for _, denied := range []string{"NOAUTH", "WRONGPASS", "NOPERM"} {
		if strings.HasPrefix(text, denied) {
			return ports.ErrDenied
		}
	}
	return ports.ErrRefused
}

// notSent reports whether a call cannot have reached the server.
func notSent(err error) bool {
	var op *net.OpError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	if errors.As(err, &cert) || errors.As(err, &record) { // nothing is sent before the server has shown who it is
		return true
	}
	return errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) ||
		errors.As(err, &op) && op.Op == "dial" && !errors.Is(err, context.Canceled)
}
