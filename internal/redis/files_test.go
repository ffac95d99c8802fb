package redis

import (
	"context"
	"crypto/x509"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

// A secured server wants TLS with a client certificate, and the password of a user.
type secured struct {
	dir    string
	admin  goredis.UniversalClient // without TLS
	client goredis.UniversalClient
	mu     sync.Mutex
	fault  error // of the client's files
}

func startSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{dir: t.TempDir()}
	ca := testkit.Certify(t, nil, testkit.CA("One"), nil)
	s.certify(t, ca, "server", x509.ExtKeyUsageServerAuth)
	s.certify(t, ca, "client", x509.ExtKeyUsageClientAuth)
	s.write(t, "ca.pem", string(ca.PEM()))
	s.write(t, "server-ca.pem", string(ca.PEM()))
	s.write(t, "password", "first\n")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	over := listener.Addr().String()
	_, port, _ := net.SplitHostPort(over)
	must(t, listener.Close())
	server := redisserver.StartTCP(t, t.TempDir(), "--tls-port", port, "--tls-cert-file", s.path("server.pem"), "--tls-key-file", s.path("server.key"),
		"--tls-ca-cert-file", s.path("server-ca.pem"), "--tls-auth-clients", "yes")
	s.admin = open(t, server.URL)
	must(t, s.admin.Do(t.Context(), "ACL", "SETUSER", "gateway", "on", ">first", "~*", "+@all").Err())
	query := url.Values{passwordFile: {s.path("password")}, caFile: {s.path("ca.pem")}, certFile: {s.path("client.pem")}, keyFile: {s.path("client.key")}}
	s.client, err = OpenWith("rediss://gateway@"+over+"?"+query.Encode(), Hooks{Files: func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fault = err
	}})
	must(t, err)
	t.Cleanup(func() { _ = s.client.Close() })
	return s
}

func (s *secured) path(name string) string { return filepath.Join(s.dir, name) }

func (s *secured) write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(s.path(name), []byte(text), 0o600))
}

func (s *secured) certify(t *testing.T, ca *testkit.Pair, name string, use x509.ExtKeyUsage) {
	t.Helper()
	pair := testkit.Certify(t, ca, x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{use}}, nil)
	pair.Write(t, s.path(name))
}

// renew has Redis read its TLS files again.
func (s *secured) renew(t *testing.T) {
	t.Helper()
	must(t, s.admin.ConfigSet(t.Context(), "tls-cert-file", s.path("server.pem")).Err())
	must(t, s.admin.ConfigSet(t.Context(), "tls-ca-cert-file", s.path("server-ca.pem")).Err())
}

// connects reports how a new connection of the client fares: those that there are are closed.
func (s *secured) connects(t *testing.T) error {
	t.Helper()
	must(t, s.admin.Do(t.Context(), "CLIENT", "KILL", "USER", "gateway").Err())
	return s.client.Ping(t.Context()).Err()
}

func TestRenewedPassword(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	user := func(rules ...any) {
		must(t, s.admin.Do(t.Context(), append([]any{"ACL", "SETUSER", "gateway"}, rules...)...).Err())
	}
	must(t, s.connects(t))
	user(">second")
	s.write(t, "password", "second\n")
	user("<first")
	if err := s.connects(t); err != nil {
		t.Errorf("the new password: %v", err)
	}
	s.write(t, "password", "")
	if err := s.connects(t); err != nil {
		t.Errorf("an empty file: %v; want the last password to stay", err)
	}
	if fault := s.said(); fault == nil || !strings.Contains(fault.Error(), "one line") {
		t.Errorf("an empty file is reported as %v", fault)
	}
	s.write(t, "password", "first")
	if err := s.connects(t); err == nil || !strings.HasPrefix(err.Error(), "WRONGPASS") {
		t.Errorf("the old password: %v", err)
	}
	s.write(t, "password", "second")
	if err, fault := s.connects(t), s.said(); err != nil || fault != nil {
		t.Errorf("repaired: %v, %v", err, fault)
	}
}

func (s *secured) said() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

func TestRenewedTLS(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	must(t, s.connects(t))
	first, err := os.ReadFile(s.path("ca.pem"))
	must(t, err)
	next := testkit.Certify(t, nil, testkit.CA("Two"), nil)

	s.certify(t, next, "server", x509.ExtKeyUsageServerAuth)
	s.renew(t)
	if err := s.connects(t); err == nil || !strings.Contains(err.Error(), "x509") {
		t.Errorf("a server of an unknown CA: %v", err)
	}
	s.write(t, "ca.pem", string(first)+string(next.PEM()))
	if err := s.connects(t); err != nil {
		t.Errorf("both CAs: %v", err)
	}
	s.write(t, "server-ca.pem", string(next.PEM())) // the client's certificate is of the first
	s.renew(t)
	if err := s.connects(t); err == nil {
		t.Error("Redis accepts a certificate of a CA that it does not know")
	}
	s.certify(t, next, "client", x509.ExtKeyUsageClientAuth)
	if err := s.connects(t); err != nil {
		t.Errorf("the new client certificate: %v", err)
	}
	s.write(t, "client.key", "nothing")
	if err, fault := s.connects(t), s.said(); err != nil || fault == nil {
		t.Errorf("a broken key: %v, %v; want the last one to stay, and a report", err, fault)
	}
}

// A command never fails because connections of the pool are dead, however many.
func TestDeadConnections(t *testing.T) {
	t.Parallel()
	s := startSecured(t)
	var blocked sync.WaitGroup
	for range 8 { // each on a connection of its own
		blocked.Go(func() { _ = s.client.BLPop(t.Context(), 200*time.Millisecond, "nothing").Err() })
	}
	blocked.Wait()
	if idle := s.client.PoolStats().IdleConns; idle < 4 {
		t.Fatalf("only %d connections: the test does not see dead ones", idle)
	}
	if err := s.connects(t); err != nil {
		t.Error(err)
	}
}

// The files are used in every form, and connections do not outlive them.
func TestFilesOfEveryForm(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(file, []byte("word"), 0o600))
	for _, form := range []string{"redis://u@h", "unix://u@/a.sock", "rediss+cluster://u@h", "redis+sentinel://u@h"} {
		query := "?password_file=" + url.QueryEscape(file)
		if strings.Contains(form, "sentinel") {
			query += "&master=m"
		}
		o, files, err := parse(form + query)
		must(t, err)
		must(t, files.apply(o))
		username, password, err := clientOptions(o)(context.Background())
		if err != nil || username != "u" || password != "word" {
			t.Errorf("%s: %s, %s, %v", form, username, password, err)
		}
		if o.ConnMaxLifetime != connectionLife {
			t.Errorf("%s: connections live for %s", form, o.ConnMaxLifetime)
		}
	}
}

// clientOptions is where each kind of client has its credentials from.
func clientOptions(o *goredis.UniversalOptions) func(context.Context) (string, string, error) {
	switch {
	case o.IsClusterMode:
		return clusterOptions(o).CredentialsProviderContext
	case o.MasterName != "":
		return o.Failover().CredentialsProviderContext
	}
	return o.Simple().CredentialsProviderContext
}
