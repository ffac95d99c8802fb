package harness

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/world"
)

// The parts of a world, by their names in world.json.
const (
	Envoy     = "envoy"
	Gate      = "gate"
	Registry  = "registry"
	Redis     = "redis"
	Directory = "directory"
	Bank      = "bank"
)

// Options say which world to start. The zero value of everything but Program will do.
type Options struct {
	Program     string // what Build has built
	Profile     string // the world's own; obie-3.3 when empty
	AuthMethods []string
	Redis       string // URL of an existing server; one is started when empty
	Fleet       int    // number of gateways; one when 0
	OTLP        string // URL of a collector of traces; none when empty
	Record      bool   // what gate, registry and Envoy connect to, for CheckEgress; where strace is installed
}

// World is a world of the sandbox that runs on ports of its own. It is safe for concurrent use.
type World struct {
	Dir     string
	File    *worldfile.World // what world.json said at the start
	roots   *x509.CertPool
	running *world.World

	record    string // folder of what was recorded; "" if nothing is
	collector string // HOST:PORT of the collector of traces; "" if there is none

	// StatementKey is the statement signing key of the directory of the world's own profile, for forging statements.
	StatementKey crypto.Signer

	mu      sync.Mutex
	clients map[clientKey]*http.Client
}

// Start starts a world in a new temporary folder. Stop ends it and removes the folder.
func Start(ctx context.Context, o Options) (*World, error) {
	dir, err := os.MkdirTemp("", "dcr") // short, for the sockets in it
	if err != nil {
		return nil, err
	}
	options := world.Options{Dir: dir, Executable: o.Program, Port: world.AnyPorts, Profile: o.Profile, AuthMethods: o.AuthMethods, Redis: o.Redis, Fleet: o.Fleet, OTLP: o.OTLP}
	if options.Profile == "" {
		options.Profile = "obie-3.3"
	}
	if options.AuthMethods == nil {
		options.AuthMethods = []string{"private_key_jwt", "tls_client_auth"}
	}
	record := ""
	if o.Record {
		if record, err = recordInto(&options); err != nil {
			return nil, err
		}
	}
	running, err := world.Start(ctx, options, func(string) {})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a world in %s: %w", dir, err), os.RemoveAll(record))
	}
	w, err := newWorld(running)
	if err == nil {
		w.record, w.collector = record, strings.TrimPrefix(o.OTLP, "http://")
	}
	return w, err
}

func newWorld(running *world.World) (*World, error) {
	w := &World{Dir: running.Dir, File: running.File, running: running, roots: x509.NewCertPool(), clients: map[clientKey]*http.Client{}}
	ca, err := os.ReadFile(w.Path(w.File.ServerCA))
	if err == nil && !w.roots.AppendCertsFromPEM(ca) {
		err = errors.New("server_ca holds no certificate")
	}
	if err == nil {
		w.StatementKey, err = pemfile.ReadKey(w.Path(w.File.Directory.StatementKey))
	}
	if err != nil {
		return nil, errors.Join(err, running.Stop())
	}
	return w, nil
}

// At returns the world as clients and operators of another gateway of its fleet use it, by its number from 1.
func (w *World) At(number int) *World {
	return &World{
		Dir: w.Dir, File: w.File.At(number), roots: w.roots, running: w.running, StatementKey: w.StatementKey,
		clients: map[clientKey]*http.Client{},
	}
}

// Path is the absolute path of a file that world.json names.
func (w *World) Path(name string) string { return filepath.Join(w.Dir, name) }

// RegistrationURL is the registration endpoint of a profile; a world serves all of them.
func (w *World) RegistrationURL(profile string) string { return w.File.Registrations[profile] }

// MTLS is the address of the listener that asks for a client certificate, as an URL without a path.
func (w *World) MTLS() string { return strings.TrimSuffix(w.File.Token, "/oauth2/token") }

// End stops every part and leaves the folder, for a look at the logs. It has Envoy quit first, which needs no drain here.
func (w *World) End() error {
	for i := range w.File.Fleet {
		_, _ = w.At(i+1).AskEnvoy(context.Background(), http.MethodPost, "/quitquitquit") // it may be down
	}
	return w.running.Stop()
}

// Stop stops every part and removes the folder.
func (w *World) Stop() error { return errors.Join(w.End(), os.RemoveAll(w.Dir)) }

// keyPair reads a certificate and its key, which world.json names.
func (w *World) keyPair(certificate, key string) (tls.Certificate, error) {
	return tls.LoadX509KeyPair(w.Path(certificate), w.Path(key))
}

// IssuingCA reads the CA that certifies TPPs of the world's own profile, with its private key.
func (w *World) IssuingCA() (tls.Certificate, error) { return w.IssuingCAOf("") }

// IssuingCAOf is the CA that certifies TPPs of a profile.
func (w *World) IssuingCAOf(profile string) (tls.Certificate, error) {
	at, err := w.File.For(profile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return w.keyPair(at.Directory.IssuingCA, at.Directory.IssuingKey)
}

// Trust has the world's clients trust servers of one more CA, given in PEM. Call it before the first request.
func (w *World) Trust(ca []byte) { w.roots.AppendCertsFromPEM(ca) }
