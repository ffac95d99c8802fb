package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Until calls serve and returns its error if it returns before the context ends. When the context ends, Until calls stop,
// which must end serve, and returns the error of stop.
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

// ServeHTTP serves HTTP on a listener until the context ends, or HTTPS if the server has a TLS configuration. Requests in
// flight then have the grace period to finish; if one takes longer it is cut off, and ServeHTTP returns an error.
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
