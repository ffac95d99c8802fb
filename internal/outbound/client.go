// Package outbound is the HTTPS client for every outgoing request of gate and registry. It connects only to hosts that the
// configuration allows, follows no redirects, reads a bounded body in a bounded time, and checks addresses at dial time, so
// that a name that resolves to an internal address is refused (SSRF, DNS rebinding). Do not use net/http's clients instead.
package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits of one fetch.
const (
	maxTime   = 3 * time.Second // from the call to the last byte
	maxBody   = 256 << 10
	maxHeader = 16 << 10
	maxConns  = 64 // to one host
)

// ErrForbidden means that the policy does not allow a URL or the address behind it. Nothing was sent.
var ErrForbidden = errors.New("not an allowed destination")

// AnyHost allows every host, as the only host of a policy: at port 443 and at public addresses only.
const AnyHost = "*"

// Policy says where a client may go.
type Policy struct {
	Hosts   []string       // exact host or host:port of https URLs; the default port is 443. Or only AnyHost
	Private []netip.Prefix // non-public addresses that may be dialled; none together with AnyHost
	Roots   *x509.CertPool // CAs of the servers; the system's if nil

	// Fetched, unless it is nil, is called after each Get with its error and the time that it took.
	Fetched func(err error, notModified bool, took time.Duration)
}

// Client is safe for concurrent use.
type Client struct {
	hosts   map[string]bool // host:port
	anyHost bool
	private []netip.Prefix
	dialer  net.Dialer
	http    http.Client
	maxTime time.Duration
	fetched func(err error, notModified bool, took time.Duration)
	dials   atomic.Uint64
}

// New returns a client for a policy.
func New(policy Policy) *Client {
	c := &Client{hosts: map[string]bool{}, maxTime: maxTime, fetched: policy.Fetched}
	if slices.Equal(policy.Hosts, []string{AnyHost}) {
		c.anyHost, policy.Hosts, policy.Private = true, nil, nil
	}
	for _, host := range policy.Hosts {
		c.hosts[withPort(host)] = true
	}
	for _, prefix := range policy.Private {
		c.private = append(c.private, unmapPrefix(prefix))
	}
	c.dialer = net.Dialer{Timeout: maxTime, ControlContext: c.checkAddress}
	c.http = http.Client{
		Transport: c.transport(policy.Roots),
		// A redirect is a failure like any other status that is not 200.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// transport uses no proxy: a proxy would dial for us, and addresses could not be checked.
func (c *Client) transport(roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		DialContext:            c.dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    maxTime,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // a small response must not become a large document
		MaxResponseHeaderBytes: maxHeader,
		MaxConnsPerHost:        maxConns,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        90 * time.Second,
	}
}

// checkAddress runs after name resolution and before each connect, so it sees the very address that will be dialled: a name
// cannot resolve to one address for the check and to another for the connection.
func (c *Client) checkAddress(_ context.Context, _, address string, _ syscall.RawConn) error {
	if err := c.allowsAddress(address); err != nil {
		return err
	}
	c.dials.Add(1)
	return nil
}

// Dials returns the number of connection attempts so far. An attempt that was refused before the connect does not count.
func (c *Client) Dials() uint64 { return c.dials.Load() }
