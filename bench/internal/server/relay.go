package server

import (
	"context"
	"net"
	"net/url"
	"time"
)

// Relayed is the URL of a relay to the server at that URL, for as long as ctx lasts.
func Relayed(ctx context.Context, at string, delay time.Duration) (string, error) {
	u, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { _ = l.Close() })
	go Relay(l, u.Host, delay)
	u.Host = l.Addr().String()
	return u.String(), nil
}

// Relay listens for connections, and passes on what it is sent to address and back, each way after a delay. It ends
// with the listener.
func Relay(l net.Listener, address string, delay time.Duration) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", address)
		if err != nil {
			_ = from.Close()
			continue
		}
		go late(to, from, delay)
		go late(from, to, delay)
	}
}

// parcel is what came at once, and when it is to go on.
type parcel struct {
	data []byte
	due  time.Time
}

// late passes on what comes, in order, each after the delay.
func late(to, from net.Conn, delay time.Duration) {
	parcels := make(chan parcel, 1024)
	go func() {
		defer close(parcels)
		for {
			data := make([]byte, 64<<10)
			n, err := from.Read(data)
			if n > 0 {
				parcels <- parcel{data[:n], time.Now().Add(delay)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range parcels {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			break
		}
	}
	_, _ = to.Close(), from.Close()
	for range parcels { // what nobody is to have
	}
}
