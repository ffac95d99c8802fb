package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/dcr-gateway/dcr-gateway/internal/bounded"
)

const (
	maxFile = 1 << 20

	// A connection lives this long and up to half of it longer, if the URL names files: so a renewed file is used, and one that
	// Redis does not accept shows, within minutes and not when Redis is next restarted. A password or certificate that was
	// withdrawn is not used for longer either.
	connectionLife = time.Minute
)

// The parameters that name files, of every scheme and of those with TLS.
const (
	passwordFile = "password_file"
	caFile       = "ca_file"
	certFile     = "cert_file"
	keyFile      = "key_file"
)

// files are the secrets that a URL names files for. They are read for each new connection, so that a renewed one needs no
// restart. While they cannot be used the last ones stay in use: two files are never replaced at one moment.
type files struct {
	username, password   string // the user, and the file of its password
	ca, certificate, key string
	report               func(error) // nil if nobody wants to know

	lastPassword kept[string]
	lastTLS      kept[*tls.Config]
}

// kept is the last usable content of files, and why it is not their present content.
type kept[T any] struct {
	mu   sync.Mutex
	last T
	why  error
}

// refresh reads the files, and returns what to use.
func (k *kept[T]) refresh(read func() (T, error)) T {
	k.mu.Lock()
	defer k.mu.Unlock()
	next, err := read()
	if k.why = err; err == nil {
		k.last = next
	}
	return k.last
}

func (k *kept[T]) fault() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.why
}

// cutFiles takes the parameters that name files out of a query.
func cutFiles(values url.Values, overTLS bool) (*files, error) {
	take := func(name string) string {
		value := values.Get(name)
		if len(values[name]) == 1 && value != "" {
			values.Del(name)
		}
		return value
	}
	f := &files{password: take(passwordFile)}
	if overTLS {
		f.ca, f.certificate, f.key = take(caFile), take(certFile), take(keyFile)
	} else if values.Has(caFile) || values.Has(certFile) || values.Has(keyFile) {
		return nil, errors.New("redis url: ca_file, cert_file and key_file are for TLS: use rediss instead of redis")
	}
	if (f.certificate == "") != (f.key == "") {
		return nil, errors.New("redis url: cert_file and key_file belong together")
	}
	return f, nil
}

// apply has a client use the files. They must be usable now.
func (f *files) apply(o *goredis.UniversalOptions) error {
	f.username = o.Username
	if f.password != "" && o.Password != "" {
		return errors.New("redis url: it has both a password and password_file: leave one out")
	}
	if f.password != "" {
		f.lastPassword.refresh(f.readPassword)
		o.CredentialsProviderContext = f.credentials
	}
	if o.TLSConfig != nil {
		f.lastTLS.refresh(f.readTLS)
		o.Dialer = f.dial
	}
	if f.password != "" || f.ca != "" || f.certificate != "" {
		o.ConnMaxLifetime, o.ConnMaxLifetimeJitter = connectionLife, connectionLife/2
	}
	if err := f.fault(); err != nil {
		return fmt.Errorf("redis url: %w", err)
	}
	return nil
}

func (f *files) fault() error { return errors.Join(f.lastPassword.fault(), f.lastTLS.fault()) }

func (f *files) credentials(context.Context) (username, password string, err error) {
	defer f.tell()
	return f.username, f.lastPassword.refresh(f.readPassword), nil
}

// dial connects over TLS. The name to verify is that of the host that is dialled.
func (f *files) dial(ctx context.Context, network, address string) (net.Conn, error) {
	defer f.tell()
	return dialTLS(ctx, network, address, f.lastTLS.refresh(f.readTLS))
}

func (f *files) tell() {
	if f.report != nil {
		f.report(f.fault())
	}
}

// readPassword reads one line.
func (f *files) readPassword() (string, error) {
	text, err := bounded.ReadFile(f.password, maxFile)
	if err != nil {
		return "", fmt.Errorf("%s: %w", passwordFile, err)
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return "", fmt.Errorf("%s: %s must hold one line, the password", passwordFile, f.password)
	}
	return password, nil
}

func (f *files) readTLS() (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if f.ca != "" {
		text, err := bounded.ReadFile(f.ca, maxFile)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", caFile, err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: %s holds no certificate", caFile, f.ca)
		}
	}
	if f.certificate != "" {
		own, err := tls.LoadX509KeyPair(f.certificate, f.key)
		if err != nil {
			return nil, fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
		}
		settings.Certificates = []tls.Certificate{own}
	}
	return settings, nil
}
