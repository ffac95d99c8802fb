package socket

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestUntil(t *testing.T) {
	failed, stopped := errors.New("failed"), errors.New("stopped")
	never := func() error { select {} }
	ctx, cancel := context.WithCancel(t.Context())
	if err := Until(ctx, func() error { return failed }, func() error { return stopped }); !errors.Is(err, failed) {
		t.Errorf("%v, want that serving has failed", err)
	}
	cancel()
	if err := Until(ctx, never, func() error { return stopped }); !errors.Is(err, stopped) {
		t.Errorf("%v, want what stopping returns", err)
	}
}

// TestServeHTTP ends a server with a request under way, which has its time or not.
func TestServeHTTP(t *testing.T) {
	for name, secure := range map[string]bool{"HTTP": false, "HTTPS": true} {
		for _, c := range []struct {
			grace    time.Duration
			finishes bool
		}{{20 * time.Second, true}, {10 * time.Millisecond, false}} {
			begun, finish := make(chan struct{}), make(chan struct{})
			like := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(begun)
				select {
				case <-finish:
				case <-r.Context().Done():
				}
				_, _ = io.WriteString(w, "done")
			}))
			if secure { // for its certificate and its client
				like.StartTLS()
			} else {
				like.Start()
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, end := context.WithCancel(t.Context())
			served, answered := make(chan error, 1), make(chan string, 1)
			go func() {
				served <- ServeHTTP(ctx, listener, &http.Server{Handler: like.Config.Handler, TLSConfig: like.TLS}, c.grace)
			}()
			go func() {
				url := map[bool]string{false: "http://", true: "https://"}[secure] + listener.Addr().String()
				answer, err := like.Client().Get(url)
				if err != nil {
					answered <- ""
					return
				}
				defer answer.Body.Close()
				text, _ := io.ReadAll(answer.Body)
				answered <- string(text)
			}()
			<-begun
			end()
			if c.finishes {
				close(finish)
			}
			if text := <-answered; (text == "done") != c.finishes {
				t.Errorf("%s: the request under way is answered %q after a grace of %s", name, text, c.grace)
			}
			if err := <-served; (err == nil) != c.finishes {
				t.Errorf("%s: %v after a grace of %s", name, err, c.grace)
			}
			like.Close()
		}
	}
}
