package main

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// otherDirectory is one that a gate trusts as it does the sandbox's, and that is nobody's who asks.
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

// ofOneProfile takes away the routes of all profiles but the first, with what only their directory knows.
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
