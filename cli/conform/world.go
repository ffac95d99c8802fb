package conform

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// world is what we need of a sandbox's world.json.
type world struct {
	Profile       string            `json:"profile"`
	Discovery     string            `json:"discovery"`
	ServerCA      string            `json:"server_ca"`
	Registrations map[string]string `json:"registration_endpoints"`
	Worlds        map[string]papers `json:"worlds"` // of profiles whose TPPs are another directory's
	papers
}

// papers are a registration endpoint, and the TPPs that it knows by a directory.
type papers struct {
	Registration string `json:"registration_endpoint"`
	Audience     string `json:"audience"`
	Directory    struct {
		API string `json:"api"`
		CA  string `json:"ca"`
	} `json:"directory"`
	TPPs []dcrclient.Member `json:"tpps"`
}

// fromWorld fills in the flags that were not given.
func (o *options) fromWorld() error {
	text, err := os.ReadFile(filepath.Join(o.world, "world.json"))
	if err != nil {
		return fmt.Errorf("the sandbox: %w", err)
	}
	var w world
	if err := json.Unmarshal(text, &w); err != nil {
		return fmt.Errorf("the sandbox's world.json: %w", err)
	}
	o.profile = cmp.Or(o.profile, w.Profile)
	of, ok := w.Worlds[o.profile]
	if !ok {
		of = w.papers
	}
	if o.tpp < 1 || o.tpp > len(of.TPPs) {
		return fmt.Errorf("the sandbox has TPPs 1 to %d", len(of.TPPs))
	}
	if o.profile != w.Profile && w.Registrations[o.profile] == "" && o.base == "" {
		return fmt.Errorf("the sandbox has no registration endpoint for %s", o.profile)
	}
	o.base = cmp.Or(o.base, w.Registrations[o.profile], of.Registration)
	o.discovery = cmp.Or(o.discovery, w.Discovery)
	o.audience = cmp.Or(o.audience, of.Audience)
	o.fromTPP(of, w.ServerCA)
	o.fromOther(slices.Concat(of.TPPs[o.tpp%len(of.TPPs):], of.TPPs, w.TPPs), of.TPPs[o.tpp-1])
	return nil
}

func (o *options) fromTPP(of papers, serverCA string) {
	path := func(name string) string { return filepath.Join(o.world, name) }
	tpp, ca := of.TPPs[o.tpp-1], path(serverCA)
	o.certificate = cmp.Or(o.certificate, path(tpp.TransportCert))
	o.key = cmp.Or(o.key, path(tpp.TransportKey))
	o.signingKey = cmp.Or(o.signingKey, path(tpp.SigningKey))
	o.kid = cmp.Or(o.kid, tpp.SigningKeyID)
	o.ca = cmp.Or(o.ca, ca)
	if o.statement == "" && o.statementCommand == "" {
		o.statements = fromDirectory(of.Directory.API, path(of.Directory.CA), tpp.SoftwareID)
	}
}

// fromOther takes the certificate of the first TPP that is another one.
func (o *options) fromOther(tpps []dcrclient.Member, own dcrclient.Member) {
	for _, other := range tpps {
		if o.otherCertificate == "" && other.TransportCert != own.TransportCert {
			o.otherCertificate, o.otherKey = filepath.Join(o.world, other.TransportCert), filepath.Join(o.world, other.TransportKey)
		}
	}
}

// fromDirectory has the sandbox's directory sign statements.
func fromDirectory(api, ca, softwareID string) Statements {
	return Statements{Fresh: true, Fetch: func(ctx context.Context) (string, error) {
		directory, err := dcrclient.OpenDirectory(api, ca)
		if err != nil {
			return "", err
		}
		defer directory.HTTP.CloseIdleConnections()
		return directory.Statement(ctx, softwareID, dcrclient.Changes{})
	}}
}
