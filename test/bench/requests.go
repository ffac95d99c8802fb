package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
)

const (
	// certificates are used in turn: several times as many as the gate remembers, so that it never meets one that it
	// knows, and builds each one's chain.
	certificates = 12_000
	// statements are used in turn, each in a request of its own: the gate remembers neither.
	statements = 256
)

// warm registers a client through Envoy and gets a token, for calls of the bank's API: one token, one certificate.
func (s *site) warm(ctx context.Context) (source, error) {
	client, err := tpp.OpenInWorld(s.world.Dir, s.world.File, 0)
	if err != nil {
		return nil, err
	}
	registration, err := client.Register(tpp.Ask{})
	if err != nil {
		return nil, err
	}
	if err := send(ctx, client, registration, client.Registered); err != nil {
		return nil, err
	}
	api := s.world.File.APIs[0]
	grant, err := client.TokenRequest(api.Scope)
	if err != nil {
		return nil, err
	}
	if err := send(ctx, client, grant, client.Granted); err != nil {
		return nil, err
	}
	call, err := client.Call(api.Method, api.URL)
	if err != nil {
		return nil, err
	}
	transport, err := os.ReadFile(client.Certificate)
	if err != nil {
		return nil, err
	}
	asked, err := newQuestion("accounts", s.version, call)
	certificate := percentEncode(transport)
	return func(uint64) *authv3.CheckRequest { return asked.from(certificate) }, err
}

// send sends a request and keeps what the answer says.
func send(ctx context.Context, client *tpp.Client, request *dcrclient.Request, keep func(*dcrclient.Answer) error) error {
	answer, err := client.Send(ctx, request)
	if err != nil {
		return err
	}
	if !answer.OK() {
		return fmt.Errorf("%s: %s: %s", request.URL, answer.StatusText(), answer.Refusal().Description)
	}
	return keep(answer)
}

// cold makes registration requests of one software, each from a connection with another certificate.
func (s *site) cold() (source, error) {
	client, err := tpp.OpenInWorld(s.world.Dir, s.world.File, 0)
	if err != nil {
		return nil, err
	}
	key, err := pemfile.ReadKey(s.world.Path(s.world.File.Directory.StatementKey))
	if err != nil {
		return nil, err
	}
	first, asked := client.StatementText, make([]*question, statements)
	for i := range asked {
		if client.StatementText, err = anew(first, key); err != nil {
			return nil, err
		}
		request, err := client.Register(tpp.Ask{})
		if err != nil {
			return nil, err
		}
		if asked[i], err = newQuestion("register", s.version, request); err != nil {
			return nil, err
		}
	}
	minted, err := s.mint(client.Key)
	return func(n uint64) *authv3.CheckRequest { return asked[n%statements].from(minted[n%certificates]) }, err
}

// anew signs a statement once more, under another jti, as the directory does.
func anew(statement string, key crypto.Signer) (string, error) {
	token, err := dcrclient.ParseJWT(statement)
	if err != nil {
		return "", err
	}
	token.Claims["jti"], token.Key = rand.Text(), key
	return token.Compact()
}

// mint issues the software's key many certificates, on all cores.
func (s *site) mint(keyFile string) ([]string, error) {
	places, member := s.world.File.Directory, s.world.File.TPPs[0]
	issuing, err := pki.ReadAuthority(s.world.Path(places.IssuingCA), s.world.Path(places.IssuingKey))
	if err != nil {
		return nil, err
	}
	key, err := pemfile.ReadKey(keyFile)
	if err != nil {
		return nil, err
	}
	minted, failures := make([]string, certificates), make([]error, runtime.NumCPU())
	var running sync.WaitGroup
	for worker := range failures {
		running.Go(func() {
			for i := worker; i < certificates && failures[worker] == nil; i += len(failures) {
				leaf := pki.Transport(member.OrgID, member.SoftwareID)
				leaf.CRLDistributionPoints = []string{places.RevocationList}
				var issued *x509.Certificate
				if issued, failures[worker] = issuing.Issue(leaf, key.Public()); issued != nil {
					minted[i] = percentEncode(pki.EncodeCertificate(issued.Raw))
				}
			}
		})
	}
	running.Wait()
	return minted, errors.Join(failures...)
}

// percentEncode writes a certificate as Envoy does: all but RFC 3986's unreserved characters as %XX.
func percentEncode(pem []byte) string {
	return strings.ReplaceAll(url.QueryEscape(string(pem)), "+", "%20")
}
