package conform

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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
	TPPs []member `json:"tpps"`
}

type member struct {
	SoftwareID  string `json:"software_id"`
	Certificate string `json:"transport_cert"`
	Key         string `json:"transport_key"`
	SigningKey  string `json:"signing_key"`
	KeyID       string `json:"signing_kid"`
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
	o.certificate = cmp.Or(o.certificate, path(tpp.Certificate))
	o.key = cmp.Or(o.key, path(tpp.Key))
	o.signingKey = cmp.Or(o.signingKey, path(tpp.SigningKey))
	o.kid = cmp.Or(o.kid, tpp.KeyID)
	o.ca = cmp.Or(o.ca, ca)
	if o.statement == "" && o.statementCommand == "" {
		o.statements = fromDirectory(of.Directory.API+"/ssa", path(of.Directory.CA), tpp.SoftwareID)
	}
}

// fromOther takes the certificate of the first TPP that is another one.
func (o *options) fromOther(tpps []member, own member) {
	for _, other := range tpps {
		if o.otherCertificate == "" && other.Certificate != own.Certificate {
			o.otherCertificate, o.otherKey = filepath.Join(o.world, other.Certificate), filepath.Join(o.world, other.Key)
		}
	}
}

// fromDirectory has the sandbox's directory sign statements.
func fromDirectory(url, ca, softwareID string) Statements {
	return Statements{Fresh: true, Fetch: func(ctx context.Context) (string, error) {
		text, err := os.ReadFile(ca)
		if err != nil {
			return "", err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(text)
		body, err := json.Marshal(map[string]string{"software_id": softwareID})
		if err != nil {
			return "", err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			return "", err
		}
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
		response, err := (&http.Client{Timeout: patience, Transport: transport}).Do(request)
		if err != nil {
			return "", err
		}
		defer response.Body.Close()
		statement, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
		if err == nil && response.StatusCode != http.StatusOK {
			err = errors.New("the sandbox's directory answers " + response.Status)
		}
		return string(statement), err
	}}
}
