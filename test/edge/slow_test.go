package edge

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// The limits of these tests, which are the shortest that routes.yaml may say, or near them.
const (
	headerTimeout    = 700 * time.Millisecond
	requestTimeout   = 1500 * time.Millisecond
	handshakeTimeout = 600 * time.Millisecond
	idleTimeout      = 2 * time.Second

	// farewell is more than Envoy lets a client read the response before it closes the connection, and than a timer may be late,
	// also beside other load. The client's own deadline comes later.
	farewell = 25 * time.Second

	// drip is how often a client sends a byte that takes its time.
	drip = 50 * time.Millisecond
)

// A dawdler sends something at once, and then the rest byte by byte.
type dawdler struct {
	name       string
	over       string // "TCP", or a protocol of TLS's
	once, rest []byte
	lives      time.Duration
	want       string // beginning of the response, over HTTP/1.1; "" for none
}

// TestSlowClients cuts clients that take their time at the limits of routes.yaml, and serves the others meanwhile.
func TestSlowClients(t *testing.T) {
	client := register(t)
	changeEdge(t, fmt.Sprintf("header_timeout: %s, request_timeout: %s, handshake_timeout: %s, idle_timeout: %s",
		milliseconds(headerTimeout), milliseconds(requestTimeout), milliseconds(handshakeTimeout), milliseconds(idleTimeout)), client)
	bearer := "Authorization: Bearer " + client.Token
	get := message{method: "GET", target: bank.AccountsPath, host: address(), headers: []string{bearer}}.text()
	post := message{"POST", bank.PaymentConsentsPath, address(), []string{bearer}, "application/json", strings.Repeat(" ", 1000)}.text()
	registration := message{"POST", "/open-banking/v3.3/register", address(), nil, "application/jose", strings.Repeat("x", 1000)}.text()
	begin := func(text string) []byte { return []byte(text[:strings.Index(text, "\r\n\r\n")+4]) }
	fields := [][2]string{{":method", "POST"}, {":scheme", "https"}, {":authority", address()}, {":path", bank.PaymentsPath}}
	all := []dawdler{
		{"nothing at all", "TCP", nil, nil, handshakeTimeout, ""},
		{"a handshake", "TCP", nil, hello(t), handshakeTimeout, ""},
		{"half a handshake", "TCP", hello(t), nil, handshakeTimeout, "\x16\x03"},
		{"no request", "http/1.1", nil, nil, idleTimeout, ""},
		{"a header", "http/1.1", nil, []byte(get), headerTimeout, "HTTP/1.1 408"},
		{"an endless header", "http/1.1", []byte(get[:40]), bytes.Repeat([]byte("x"), 1000), headerTimeout, "HTTP/1.1 408"},
		{"a body for the bank", "http/1.1", begin(post), bytes.Repeat([]byte(" "), 1000), requestTimeout, "HTTP/1.1 408"},
		{"a body for the gate", "http/1.1", begin(registration), bytes.Repeat([]byte("x"), 1000), requestTimeout, "HTTP/1.1 408"},
		{"one request", "http/1.1", []byte(get), nil, idleTimeout, "HTTP/1.1 200"},
		{"no request", "h2", preface(), nil, idleTimeout, ""},
		{"half a header", "h2", append(preface(), headers(0, fields...)...), nil, headerTimeout, ""},
		{"no body", "h2", append(preface(), headers(endHeaders, fields...)...), nil, requestTimeout, ""},
	}
	var slow sync.WaitGroup
	begun := time.Now()
	for _, d := range all {
		slow.Go(func() {
			for range 5 { // of each kind
				slow.Go(func() { d.dawdle(t, client) })
			}
		})
	}
	done := make(chan struct{})
	go func() { slow.Wait(); close(done) }()
	served, longest := 0, time.Duration(0)
	for ; ; served++ { // and the others
		asked := time.Now()
		if answer := client.Get(t, world.MTLS()+bank.AccountsPath); answer.Status != http.StatusOK {
			t.Errorf("another request: %s", answer)
		}
		longest = max(longest, time.Since(asked))
		select {
		case <-done:
			t.Logf("%d requests were served in %v, the slowest in %v", served, time.Since(begun), longest)
			if served < 10 {
				t.Errorf("only %d other requests were served", served)
			}
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

// dawdle checks when, and with which words, a client is cut.
func (d *dawdler) dawdle(t *testing.T, client *harness.Registered) {
	dialled := time.Now() // from when on Envoy counts, with the time that its thread's work had then begun
	connection, err := d.connect(client)
	if err != nil {
		t.Errorf("%s over %s: %v", d.name, d.over, err)
		return
	}
	defer connection.Close()
	begun, over := time.Now(), make(chan struct{})
	var told []byte
	go func() {
		defer close(over)
		if d.over == "h2" {
			untilCut(connection)
		} else {
			told, _ = io.ReadAll(connection) // a reset ends it too
		}
	}()
	d.send(connection, over)
	<-over
	if time.Since(dialled) < d.lives*3/4 || time.Since(begun) > d.lives+farewell {
		t.Errorf("%s over %s: it lived for %v, want %v", d.name, d.over, time.Since(begun), d.lives)
	}
	if !bytes.HasPrefix(told, []byte(d.want)) || (len(told) == 0) != (d.want == "") {
		t.Errorf("%s over %s: it received %.300q, want %q", d.name, d.over, told, d.want)
	}
	if d.want == "HTTP/1.1 408" && !bytes.Contains(told, []byte(`"error":"request_timeout"`)) {
		t.Errorf("%s over %s: it received %.300q", d.name, d.over, told)
	}
}

func (d *dawdler) connect(client *harness.Registered) (net.Conn, error) {
	connection, err := net.Dial("tcp", address())
	if err != nil {
		return nil, err
	}
	connection.SetDeadline(time.Now().Add(2 * farewell))
	if d.over == "TCP" {
		return connection, nil
	}
	config := world.TLS(&client.Transport)
	config.ServerName, config.NextProtos = "127.0.0.1", []string{d.over}
	secure := tls.Client(connection, config)
	return secure, secure.Handshake()
}

// send sends until it is done or the connection is over.
func (d *dawdler) send(connection net.Conn, over <-chan struct{}) {
	if len(d.once) > 0 {
		connection.Write(d.once)
	}
	for i := range d.rest {
		select {
		case <-over:
			return
		case <-time.After(drip):
			connection.Write(d.rest[i : i+1])
		}
	}
}
