package harness

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Inside returns an HTTP client that goes straight to a part, past Envoy, and follows no redirect: what somebody does who
// has got into the host. The host of a URL does not matter.
func (w *World) Inside(part string) *http.Client {
	network, address := w.where(part)
	return &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{IdleConnTimeout: time.Second, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}},
	}
}
