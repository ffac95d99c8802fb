package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Until calls serve, and returns its error if it returns by itself. When the context ends, it calls stop, which is to end
// serve, and returns the error of that.
func Until(ctx context.Context, serve, stop func() error) error {
	served := make(chan error, 1)
	go func() { served <- serve() }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		return stop()
	}
}

// ServeHTTP serves HTTP on a listener until the context ends, or HTTPS where the server has a TLS configuration. Requests
// that are under way then have the grace to finish: cutting off one that takes longer is an error.
func ServeHTTP(ctx context.Context, listener net.Listener, server *http.Server, grace time.Duration) error {
	serve := func() error {
		if server.TLSConfig != nil {
			return server.ServeTLS(listener, "", "")
		}
		return server.Serve(listener)
	}
	return Until(ctx, serve, func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return errors.Join(fmt.Errorf("stopping: %w", err), server.Close())
		}
		return nil
	})
}
