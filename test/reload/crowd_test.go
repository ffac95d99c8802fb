package reload

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A manner is how a client holds its connections.
type manner struct {
	name     string
	protocol string // as ALPN names it
	anew     bool   // a new connection for each request
}

var (
	keptHTTP2 = manner{name: "HTTP/2", protocol: "h2"}
	keptHTTP1 = manner{name: "HTTP/1.1", protocol: "http/1.1"}
	anewHTTP1 = manner{name: "new connections", protocol: "http/1.1", anew: true}
	anewHTTP2 = manner{name: "new HTTP/2 connections", protocol: "h2", anew: true}
)

// A dialFailure is of a connection that there never was: no request was sent on it.
type dialFailure struct{ error }

func (f dialFailure) Unwrap() error { return f.error }

// transport is for one client that has the certificate of a software product.
func (m manner) transport(r *harness.Registered) *http.Transport {
	config := world.TLS(&r.Transport)
	config.NextProtos = []string{m.protocol}
	dialer := &tls.Dialer{Config: config, NetDialer: &net.Dialer{Timeout: 5 * time.Second}}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(m.protocol != "h2")
	protocols.SetHTTP2(m.protocol == "h2")
	return &http.Transport{
		Protocols: protocols, TLSClientConfig: config, DisableKeepAlives: m.anew, MaxConnsPerHost: 1, DisableCompression: true,
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			connection, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, dialFailure{err}
			}
			return connection, nil
		},
	}
}

// A client asks one thing after the other.
type client struct {
	manner manner
	http   *http.Client
	r      *harness.Registered
	count  int // requests so far
}

// ask sends a request. A POST, which has a body, is not sent again by net/http unless it certainly was not sent before.
func (c *client) ask(method, path string, token bool) (*harness.Answer, error) {
	body := ""
	if method == http.MethodPost {
		body = `{"Data":{}}`
	}
	request, err := harness.NewRequest(context.Background(), method, world.MTLS()+path, "application/json", body)
	if err != nil {
		return nil, err
	}
	if token {
		request.Header.Set("Authorization", "Bearer "+c.r.Token)
	} else {
		request.Header.Set(tokenlessHeader, "yes")
	}
	return harness.Do(c.http, request)
}

// A crowd are clients that ask constantly.
type crowd struct {
	done     atomic.Bool
	asked    atomic.Int64
	together sync.WaitGroup

	mu     sync.Mutex
	faults int
	first  []string
}

// gather has clients ask until the crowd is dispersed. one asks one thing, and says what is wrong with the answer.
func gather(t *testing.T, r *harness.Registered, pause time.Duration, one func(c *client) error, manners ...manner) *crowd {
	t.Helper()
	c := &crowd{}
	for i, m := range manners {
		c.together.Go(func() {
			asker := &client{manner: m, r: r, http: &http.Client{Transport: m.transport(r), Timeout: 15 * time.Second}, count: i}
			defer asker.http.CloseIdleConnections()
			for !c.done.Load() {
				if err := one(asker); err != nil {
					c.fault(m, err)
				}
				asker.count++
				c.asked.Add(1)
				time.Sleep(pause)
			}
		})
	}
	t.Cleanup(c.disperse)
	return c
}

func (c *crowd) fault(m manner, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.faults++; c.faults <= 10 {
		c.first = append(c.first, fmt.Sprintf("%s %s: %v", time.Now().Format("15:04:05.000"), m.name, err))
	}
}

// ask returns when the clients have asked so many times more.
func (c *crowd) ask(more int64) {
	for until := c.asked.Load() + more; c.asked.Load() < until; {
		time.Sleep(beat)
	}
}

// disperse lets the clients end what they have begun.
func (c *crowd) disperse() {
	c.done.Store(true)
	c.together.Wait()
}

// judge disperses the crowd and fails the test where an answer was wrong.
func (c *crowd) judge(t *testing.T) {
	t.Helper()
	c.disperse()
	if c.faults > 0 {
		t.Errorf("%d of %d requests were answered wrongly:\n%s", c.faults, c.asked.Load(), strings.Join(c.first, "\n"))
	}
}

// unsent says whether an error is of a request that was never sent.
func unsent(err error) bool {
	_, is := errors.AsType[dialFailure](err)
	return is
}
