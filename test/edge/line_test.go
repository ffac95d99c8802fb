package edge

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A message is a request as it is to go over the wire.
type message struct {
	method, target, host string
	headers              []string // "name: value"
	contentType, body    string
}

// A sender sends messages over one protocol. Without an answer there is an error.
type sender interface {
	send(t *testing.T, m message) (*harness.Answer, error)
}

// senders are those of a client, by the name of their protocol.
func senders(t *testing.T, certificate *tls.Certificate) map[harness.Protocol]sender {
	t.Helper()
	plain := &line{address: address(), config: world.TLS(certificate)}
	t.Cleanup(plain.hangUp)
	return map[harness.Protocol]sender{harness.HTTP1: plain, harness.HTTP2: multiplexed{world.MTLS(), world.Client(certificate, harness.HTTP2)}}
}

// address is that of the listener which asks for a certificate.
func address() string { return strings.TrimPrefix(world.MTLS(), "https://") }

// A line sends bytes as they are, over HTTP/1.1 and one connection for as long as that lasts.
type line struct {
	address    string
	config     *tls.Config
	connection *tls.Conn
	reader     *bufio.Reader
}

func (l *line) send(t *testing.T, m message) (*harness.Answer, error) {
	t.Helper()
	again := l.connection != nil
	answer, err := l.try(m)
	if err != nil && again { // it may have been closed since
		answer, err = l.try(m)
	}
	return answer, err
}

func (l *line) try(m message) (*harness.Answer, error) {
	if err := l.dial(); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(l.connection, m.text()); err != nil {
		l.hangUp()
		return nil, err
	}
	response, err := http.ReadResponse(l.reader, &http.Request{Method: m.method}) //nolint:bodyclose // ReadAnswer does
	if err != nil {
		l.hangUp()
		return nil, err
	}
	answer, err := harness.ReadAnswer(response)
	if err != nil || response.Close {
		l.hangUp()
	}
	return answer, err
}

func (l *line) dial() error {
	if l.connection == nil {
		connection, err := tls.Dial("tcp", l.address, l.config)
		if err != nil {
			return err
		}
		l.connection, l.reader = connection, bufio.NewReader(connection)
	}
	return l.connection.SetDeadline(time.Now().Add(10 * time.Second))
}

func (l *line) hangUp() {
	if l.connection != nil {
		_ = l.connection.Close() // the other side may have been quicker
		l.connection = nil
	}
}

// text is the message in HTTP/1.1, with a Host unless one of the headers is.
func (m message) text() string {
	lines := append([]string{m.method + " " + m.target + " HTTP/1.1"}, m.headers...)
	if m.host != "" {
		lines = append(lines, "Host: "+m.host)
	}
	if m.body != "" {
		lines = append(lines, "Content-Type: "+m.contentType, "Content-Length: "+strconv.Itoa(len(m.body)))
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n" + m.body
}

// multiplexed sends over HTTP/2, to a listener's URL.
type multiplexed struct {
	url    string
	client *http.Client
}

// errUnsendable is for what net/http refuses to send.
var errUnsendable = errors.New("no request of HTTP/2")

func (s multiplexed) send(t *testing.T, m message) (*harness.Answer, error) {
	t.Helper()
	request, err := harness.NewRequest(t.Context(), m.method, s.url, m.contentType, m.body)
	if err != nil {
		return nil, err
	}
	opaque := m.target
	if strings.HasPrefix(opaque, "//") { // net/http takes what follows for the host, unless it is
		opaque = "//" + request.URL.Host + opaque
	}
	request.URL = &url.URL{Scheme: "https", Host: request.URL.Host, Opaque: opaque} // sent as it is
	request.Host = m.host
	for _, header := range m.headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header[name] = append(request.Header[name], value)
	}
	answer, err := harness.Do(s.client, request)
	if err != nil && strings.Contains(err.Error(), "http2: invalid") {
		err = errors.Join(errUnsendable, err)
	}
	return answer, err
}
