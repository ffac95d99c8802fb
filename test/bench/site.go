package main

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A site is a world, and its gate as Envoy asks it.
type site struct {
	world   *harness.World
	gate    server
	version string // of its routes
}

// refresh asks the gate for the version that questions to it must name.
func (s *site) refresh(ctx context.Context) error {
	status, err := s.world.Status(ctx)
	if err == nil {
		s.version = status.Version
	}
	return err
}

// A bench is one run: what is built and started for it, in a folder of its own, and what it finds.
type bench struct {
	report
	say          func(string)
	dir, program string
	closers      []func() error
}

func openBench(ctx context.Context, say func(string)) (*bench, error) {
	dir, err := os.MkdirTemp("", "dcr-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{say: say, dir: dir, closers: []func() error{func() error { return os.RemoveAll(dir) }}}
	say("building the program")
	if b.program, err = harness.Build(ctx, dir, false); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// site starts a world.
func (b *bench) site(ctx context.Context) (*site, error) {
	world, err := harness.Start(ctx, harness.Options{Program: b.program})
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, world.Stop)
	gate, err := b.dial(world.Path(strings.TrimPrefix(world.File.Internal.Gate, "unix:")))
	if err != nil {
		return nil, err
	}
	s := &site{world: world, gate: gate}
	return s, s.refresh(ctx)
}

// floor starts the floor.
func (b *bench) floor() (server, error) {
	socket := filepath.Join(b.dir, "floor.sock")
	stop, err := startFloor(socket)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, stop)
	return b.dial(socket)
}

// dial opens the connections over which a server is asked.
func (b *bench) dial(socket string) (server, error) {
	var clients server
	for range connections {
		connection, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
		if err != nil {
			return nil, err
		}
		b.closers = append(b.closers, connection.Close)
		clients = append(clients, authv3.NewAuthorizationClient(connection))
	}
	return clients, nil
}

// close closes everything that was started, in reverse order.
func (b *bench) close() error {
	var errs []error
	for _, end := range slices.Backward(b.closers) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// otherDirectory is one that a gate trusts like the sandbox's, but that no client of the benchmark uses.
const otherDirectory = `extends: openbanking-uk
name: other-%[1]d
issuer: https://directory-%[1]d.example
jwks: https://keys.directory-%[1]d.example/statements.jwks
key_hosts: [keys.directory-%[1]d.example]
certificates:
  - {profile: ob_legacy, ca: [other-%[1]d.pem]}
  - {profile: obwac, ca: [other-%[1]d.pem]}
`

// named is the list of directories in the sandbox's routes.yaml.
var named = regexp.MustCompile(`(?m)^directories: \[(.+)\]$`)

// trust makes the gate trust so many directories in all: with one it serves one profile, with more all of them. The
// sandbox's own does not list the certificates that cold checks come with, and is not asked to.
func (s *site) trust(ctx context.Context, number int) error {
	own := s.world.Path("directory.yaml")
	text, err := os.ReadFile(own)
	if err != nil {
		return err
	}
	if err := os.WriteFile(own, append(text, "certificates_listed: off\n"...), 0o600); err != nil {
		return err
	}
	routes, err := s.world.Routes()
	if err != nil {
		return err
	}
	found := named.FindStringSubmatch(routes)
	if found == nil {
		return errors.New("the sandbox's routes.yaml does not name its directories in a list of one line")
	}
	names := strings.Split(found[1], ", ")
	names = names[:min(number, len(names))]
	for n := len(names); n < number; n++ {
		name := fmt.Sprintf("other-%d", n)
		if err := s.addDirectory(n, name); err != nil {
			return err
		}
		names = append(names, name+".yaml")
	}
	routes = strings.Replace(routes, found[0], "directories: ["+strings.Join(names, ", ")+"]", 1)
	if number == 1 {
		routes = ofOneProfile(routes)
	}
	if err := s.world.Install(ctx, routes); err != nil {
		return err
	}
	return s.refresh(ctx)
}

// ofOneProfile removes the routes of all profiles but the first, and what only their directories define.
func ofOneProfile(routes string) string {
	const item = "\n  - "
	return strings.Join(slices.DeleteFunc(strings.Split(routes, item), func(route string) bool {
		other := strings.Contains(route, "profile: ") && !strings.Contains(route, "profile: obie-3.3\n")
		return other || strings.Contains(route, "data-recipient-software-product")
	}), item)
}

func (s *site) addDirectory(n int, name string) error {
	key, err := pki.EC()
	if err != nil {
		return err
	}
	authority, err := pki.NewRoot(pkix.Name{CommonName: "Issuing CA " + name, Organization: []string{name}}, key)
	if err != nil {
		return err
	}
	if err := pki.WriteCertificate(s.world.Path(name+".pem"), authority.Certificate.Raw); err != nil {
		return err
	}
	return os.WriteFile(s.world.Path(name+".yaml"), fmt.Appendf(nil, otherDirectory, n), 0o600)
}
