package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// A server that does not answer costs a caller its deadline and no more.
func TestSilentServer(t *testing.T) {
	host := listen(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	for _, url := range []string{"redis://" + host, "redis+cluster://" + host, "redis+sentinel://" + host + "?master=m"} {
		client := dial(t, url)
		s := on(client, newMonitor(nil))
		s.shards = 16
		c := newClient(s, "software")
		c.Generation = 1
		for name, do := range map[string]func(ctx context.Context) error{
			"Begin":    func(ctx context.Context) error { _, err := s.Begin(ctx, 0); return err },
			"Open":     s.Open,
			"Ping":     s.Ping,
			"Create":   func(ctx context.Context) error { return s.Create(ctx, c, nil, true) },
			"Client":   func(ctx context.Context) error { _, err := s.Client(ctx, c.Id); return err },
			"Update":   func(ctx context.Context) error { return s.Update(ctx, c, nil) },
			"Delete":   func(ctx context.Context) error { return s.Delete(ctx, c.Id) },
			"Burn":     func(ctx context.Context) error { return s.Burn(ctx, c.Id, freshJTI("assertion")) },
			"Revoke":   func(ctx context.Context) error { return s.Revoke(ctx, c.Id, "token", inAnHour()) },
			"Standing": func(ctx context.Context) error { _, err := s.Standing(ctx, c.Id, "token"); return err },
			"Keys":     func(ctx context.Context) error { _, err := s.SigningKeys(ctx); return err },
			"Facts":    func(ctx context.Context) error { _, err := s.FactsKey(ctx, "kid"); return err },
		} {
			t.Run(url[:strings.Index(url, ":")]+" "+name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				err := do(ctx)
				wantFailure(t, name, err)
				// The cluster's client sets the deadline on its connections alone.
				if !errors.Is(err, context.DeadlineExceeded) && (!strings.HasPrefix(url, "redis+cluster") || !errors.Is(err, os.ErrDeadlineExceeded)) {
					t.Errorf("%v: want that its deadline has passed", err)
				}
			})
		}
	}
}

// An answer that is lost with its connection is asked for again. That must not make a write refuse itself.
func TestLostAnswers(t *testing.T) {
	line := &lossy{redis: miniredis.RunT(t).Addr()}
	s := open(t, dial(t, "redis://"+listen(t, line.serve)))
	for _, script := range []*redis.Script{
		s.scripts.create, s.scripts.update, s.scripts.remove, s.scripts.burn, s.scripts.revoke, s.scripts.addKey,
	} {
		must(t, script.Load(t.Context(), s.redis).Err()) // lest the answer that is lost be that there is no such script
	}
	c := newClient(s, "software")
	for _, test := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error { return s.Create(t.Context(), c, freshJTI("request"), true) }},
		{"update", func() error { return s.Update(t.Context(), c, freshJTI("request")) }},
		{"burn", func() error { return s.Burn(t.Context(), c.Id, freshJTI("assertion")) }},
		{"revoke", func() error { return s.Revoke(t.Context(), c.Id, "token", inAnHour()) }},
		{"delete", func() error { return s.Delete(t.Context(), c.Id) }},
		{"add a key", func() error {
			return s.AddSigningKey(t.Context(), "kid", []byte("der"), time.Now().Add(-time.Hour))
		}},
	} {
		before := line.lost.Load()
		line.armed.Store(true)
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if line.lost.Load() != before+1 {
			t.Errorf("%s: no answer was lost", test.name)
		}
	}
	wantError(t, "deleted again", s.Delete(t.Context(), c.Id), ErrNotFound)
}

// lossy is a line to Redis that, when armed, loses the answer to the next script and then its connection.
type lossy struct {
	redis string
	armed atomic.Bool
	lost  atomic.Int32
	delay atomic.Int64 // of each answer, in nanoseconds
}

func (l *lossy) serve(client net.Conn) {
	server, err := net.Dial("tcp", l.redis)
	if err != nil {
		return
	}
	defer server.Close()
	var doomed atomic.Bool
	go func() {
		defer server.Close()
		pump(server, client, func(request []byte) bool {
			isScript := bytes.Contains(request, []byte("evalsha"))
			if isScript && l.armed.CompareAndSwap(true, false) {
				doomed.Store(true)
			}
			return true
		})
	}()
	pump(client, server, func([]byte) bool {
		if doomed.Load() {
			l.lost.Add(1)
		}
		time.Sleep(time.Duration(l.delay.Load()))
		return !doomed.Load()
	})
}

// pump copies until an end is closed or a chunk is refused.
func pump(to io.Writer, from io.Reader, pass func(chunk []byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || !pass(buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// listen serves connections until the test ends, and returns its address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// What Redis quotes of a command must not reach a log.
func TestErrorsQuoteNothing(t *testing.T) {
	host := listen(t, func(conn net.Conn) {
		buffer := make([]byte, 64<<10)
		for {
			if _, err := conn.Read(buffer); err != nil {
				return
			}
			_, _ = io.WriteString(conn, "-ERR unknown command 'x', with args beginning with: 'secret'\r\n")
		}
	})
	s := on(dial(t, "redis://"+host), newMonitor(nil))
	s.shards = 16
	_, err := s.Publish(t.Context(), FactsKey("kid", []byte("secret"), time.Hour))
	if wantFailure(t, "publish", err); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
	if _, quotes := errors.AsType[redis.Error](err); !strings.Contains(err.Error(), "unknown command") || quotes {
		t.Errorf("error %v", err)
	}
	err = s.Burn(t.Context(), s.NewClientID(nil), []*dcrpb.UsedJTI{{Purpose: "p", Id: "secret", Exp: 4e9}})
	if wantFailure(t, "burn", err); strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}
