package run

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/socket"
)

// entrance says where a registry listens. Facts alone say who calls it, and travel in a header: on a network nobody but the
// gateways' Envoys may send or read them.
type entrance struct {
	local                socket.Local
	network              string // HOST:PORT; "" for the Unix socket
	certificate, key, ca string // files, for the network
	// notice is how long a registry on TCP still serves when it is to end, while its health check fails. Each Envoy asks
	// every second, and sends nothing more to a registry that answers 503. Without notice it would learn from requests
	// that fail.
	notice time.Duration
}

func (e *entrance) define(flags *flag.FlagSet) {
	e.local = "unix:run/registry.sock"
	flags.Func("listen", "`ADDRESS` to serve on: unix:PATH, or HOST:PORT with mutual TLS (default "+e.local.String()+")", func(text string) error {
		if strings.HasPrefix(text, "unix:") {
			e.network = ""
			return e.local.Set(text)
		}
		if _, _, err := net.SplitHostPort(text); err != nil {
			return errors.New("must be unix:PATH or HOST:PORT")
		}
		e.network = text
		return nil
	})
	flags.StringVar(&e.certificate, "tls-cert", "", "PEM `FILE` of the registry's certificate chain, for TCP")
	flags.StringVar(&e.key, "tls-key", "", "PEM `FILE` of its key")
	flags.StringVar(&e.ca, "tls-client-ca", "", "PEM `FILE` of the CAs that certify the gateways' Envoys, and nobody else")
	flags.DurationVar(&e.notice, "notice", 3*time.Second, "`TIME` to serve at the end while the health check fails, so that Envoys go to another registry; on TCP")
}

// check returns what is wrong with the flags.
func (e *entrance) check() error {
	given := 0
	for _, file := range []string{e.certificate, e.key, e.ca} {
		if file != "" {
			given++
		}
	}
	switch {
	case e.network != "" && given < 3:
		return cli.Exit{Code: 2, Text: "--listen on TCP needs --tls-cert, --tls-key and --tls-client-ca"}
	case e.network == "" && given > 0:
		return cli.Exit{Code: 2, Text: "--tls-cert, --tls-key and --tls-client-ca are for --listen HOST:PORT"}
	}
	return nil
}

func (e *entrance) String() string {
	if e.network != "" {
		return e.network
	}
	return e.local.String()
}

// lasts is how long the registry still serves when it is to end. The Envoy beside it has no other one to go to.
func (e *entrance) lasts() time.Duration {
	if e.network == "" {
		return 0
	}
	return e.notice
}

// listen opens the entrance.
func (e *entrance) listen(ctx context.Context, log *slog.Logger) (net.Listener, error) {
	if e.network == "" {
		return e.local.Listen(ctx, socket.Group)
	}
	first, err := e.tls()
	if err != nil {
		return nil, err
	}
	var usable atomic.Pointer[tls.Config] // the last one
	usable.Store(first)
	listener, err := socket.ListenTCP(ctx, e.network)
	if err != nil {
		return nil, err
	}
	// The files are read at each handshake, so that a renewed certificate needs no restart. Envoy keeps its connections.
	return tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if next, err := e.tls(); err == nil {
			usable.Store(next)
		} else {
			log.WarnContext(ctx, "the registry's TLS files on disk are not usable; the previous ones stay in use", "cause", err.Error())
		}
		return usable.Load(), nil
	}}), nil
}

// measure declares the metrics of the files, which are read at each scrape as at each handshake.
func (e *entrance) measure(set *metric.Set) {
	refused := func() bool {
		if e.network == "" {
			return false
		}
		_, err := e.tls()
		return err != nil
	}
	metric.Read(set, refused, metric.Value("dcr_certificates_refused", "1 while the certificates on disk are not used, because they cannot be read or Envoy rejects them.", metric.Bool))
	set.Expires(func() []metric.Expiry {
		return append(metric.ChainFile("registry_certificate", "tls-cert", e.certificate), metric.CAFile("registry_client_ca", "tls-client-ca", e.ca)...)
	})
}

// tls reads the files.
func (e *entrance) tls() (*tls.Config, error) {
	own, err := tls.LoadX509KeyPair(e.certificate, e.key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
	}
	text, err := os.ReadFile(e.ca)
	if err != nil {
		return nil, fmt.Errorf("--tls-client-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--tls-client-ca: %s holds no certificate", e.ca)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{own}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}, nil
}
