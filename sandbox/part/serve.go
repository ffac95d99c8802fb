// Package part is what the sandbox's own HTTP servers have in common.
package part

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

const (
	headerTimeout = 5 * time.Second
	drain         = 2 * time.Second
)

// Serve answers HTTP, or HTTPS when a certificate is named, until the context ends.
func Serve(ctx context.Context, address string, handler http.Handler, certificate, key string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		stopped <- server.Shutdown(patience)
	})
	if certificate == "" {
		err = server.Serve(listener)
	} else {
		err = server.ServeTLS(listener, certificate, key)
	}
	if stop() || !errors.Is(err, http.ErrServerClosed) {
		return err // the server ended by itself
	}
	return <-stopped
}
