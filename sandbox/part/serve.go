// Package part serves HTTP for the sandbox's own servers. The product's parts use package socket directly.
package part

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

const (
	headerTimeout = 5 * time.Second
	drain         = 2 * time.Second
)

// Serve answers HTTP, or HTTPS when a certificate is named, until the context ends.
func Serve(ctx context.Context, address string, handler http.Handler, certificate, key string) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return err
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	listener, err := socket.ListenTCP(ctx, address)
	if err != nil {
		return err
	}
	return socket.ServeHTTP(ctx, listener, server, drain)
}
