package edge

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	manyIdle = 10_000
	fewIdle  = 1_000 // where the race detector, or somebody in a hurry, counts the time
	dialers  = 16
	spare    = 1_000 // files that a process needs besides
)

// TestIdleConnections opens ten thousand connections that do nothing, under the limits as they are shipped: others are
// served as ever.
func TestIdleConnections(t *testing.T) {
	number := manyIdle
	if harness.Race || testing.Short() {
		number = fewIdle
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		t.Fatal(err)
	}
	if files.Max < uint64(number+spare) {
		number = fewIdle
		t.Logf("a process may open %d files here: %d connections have to do", files.Max, number)
	}
	client := register(t)
	before, memory := connections(t), resident(t)
	begun := time.Now()
	idle := openMany(t, number)
	defer closeAll(idle)
	opened := time.Since(begun)
	if open := connections(t) - before; open < number {
		t.Fatalf("%d of %d connections are open", open, number)
	}
	grown := resident(t) - memory

	var longest time.Duration
	for range 20 {
		for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} { // each on a connection of its own
			longest = max(longest, fresh(t, client, protocol))
		}
	}
	t.Logf("%d connections in %v, %d KiB of Envoy's memory each; another client's slowest request, with its handshake, took %v",
		number, opened, grown/int64(number)>>10, longest)
	if open := connections(t) - before; open < number {
		t.Errorf("%d of %d connections were still open at the end", open, number)
	}
}

// TestIdleConnectionsEnd has Envoy close what nobody uses, however much that is.
func TestIdleConnectionsEnd(t *testing.T) {
	const limit = 3 * time.Second
	changeEdge(t, "idle_timeout: "+limit.String(), register(t))
	idle := openMany(t, fewIdle)
	defer closeAll(idle)
	opened := time.Now()
	for _, connection := range idle {
		connection.SetReadDeadline(opened.Add(limit + farewell))
		if _, err := connection.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a connection is open after %v", time.Since(opened))
		}
	}
	if took := time.Since(opened); took < limit/2 {
		t.Errorf("the last connection was closed after %v, want %v", took, limit)
	}
}

// fresh asks the bank on a new connection.
func fresh(t *testing.T, client *harness.Registered, protocol harness.Protocol) time.Duration {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(protocol == harness.HTTP1)
	protocols.SetHTTP2(protocol == harness.HTTP2)
	transport := &http.Transport{TLSClientConfig: world.TLS(&client.Transport), Protocols: protocols}
	defer transport.CloseIdleConnections()
	own := *client
	own.HTTP = &http.Client{Transport: transport, Timeout: 10 * time.Second}
	begun := time.Now()
	if answer := own.Get(t, world.MTLS()+bank.AccountsPath); answer.Status != http.StatusOK {
		t.Errorf("another client: %s", answer)
	}
	return time.Since(begun)
}

// openMany opens connections, with a certificate whose key is quick to sign with.
func openMany(t *testing.T, number int) []net.Conn {
	t.Helper()
	ca, err := world.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	certificate := harness.Issue(t, &ca, harness.TransportTemplate(pkix.Name{CommonName: "idle"}))
	config := world.TLS(&certificate)
	config.ServerName, config.NextProtos = "127.0.0.1", []string{"http/1.1"}
	at, open := address(), make([]net.Conn, number)
	failures := make([]error, dialers)
	var dialling sync.WaitGroup
	for dialer := range dialers {
		dialling.Go(func() {
			for n := dialer; n < number && failures[dialer] == nil; n += dialers {
				connection, err := tls.Dial("tcp", at, config)
				if err == nil {
					open[n] = connection
				}
				failures[dialer] = err
			}
		})
	}
	dialling.Wait()
	if err := errors.Join(failures...); err != nil {
		closeAll(open)
		t.Fatal(err)
	}
	return open
}

func closeAll(open []net.Conn) {
	for _, connection := range open {
		if connection != nil {
			connection.Close()
		}
	}
}

var active = regexp.MustCompile(`(?m)^http\.mtls\.downstream_cx_active: ([0-9]+)$`)

// connections is how many clients Envoy has, on the listener that asks for a certificate.
func connections(t *testing.T) int {
	t.Helper()
	text, err := world.AskEnvoy(t.Context(), http.MethodGet, "/stats?filter=http.mtls.downstream_cx_active")
	if err != nil {
		t.Fatal(err)
	}
	found := active.FindSubmatch(text)
	if found == nil {
		t.Fatalf("envoy does not count its connections: %s", text)
	}
	number, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return number
}

// resident is Envoy's memory; 0 where the system does not say.
func resident(t *testing.T) int64 {
	t.Helper()
	bytes, err := world.Resident(harness.Envoy)
	if err != nil {
		t.Log(err)
	}
	return bytes
}
