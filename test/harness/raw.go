package harness

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Raw writes bytes to the mTLS listener as HTTP/1.1 and reads the first answer: for requests that no HTTP client would
// send. Without an answer, since the connection was closed or the context's time is over, there is an error.
func (w *World) Raw(ctx context.Context, certificate *tls.Certificate, request string) (*Answer, error) {
	address, err := url.Parse(w.MTLS())
	if err != nil {
		return nil, err
	}
	config := w.TLS(certificate)
	config.NextProtos = []string{"http/1.1"}
	connection, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address.Host)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	deadline, limited := ctx.Deadline()
	if !limited {
		deadline = time.Now().Add(patience)
	}
	if err := connection.SetDeadline(deadline); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(connection, request); err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil) //nolint:bodyclose // ReadAnswer does
	if err != nil {
		return nil, err
	}
	return ReadAnswer(response)
}
