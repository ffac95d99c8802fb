package harness

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Inside returns an HTTP client that connects directly to a part, past Envoy, as an attacker on the host would. It follows no
// redirects, and ignores the host of URLs.
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
