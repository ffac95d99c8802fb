package conform

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
)

// newRun gets ready to judge: nothing is registered yet.
func newRun(ctx context.Context, setup Setup) (*run, error) {
	r := &run{setup: setup, supply: &supply{Statements: setup.Statements}, wire: newWire(&setup)}
	var err error
	if r.profile, err = find(setup.Profile); err != nil {
		return nil, err
	}
	if r.setup.AuthMethod == "" {
		r.setup.AuthMethod = "private_key_jwt"
	}
	if r.keys, err = newKeys(setup.SigningKey, setup.KeyID); err != nil {
		return nil, err
	}
	if err := r.certificate(); err != nil {
		return nil, err
	}
	if err := r.discover(ctx); err != nil {
		return nil, err
	}
	r.supply.singleUse = r.profile.SingleUse
	return r, r.readPapers(ctx)
}

// certificate reads what the bank will see of the TPP.
func (r *run) certificate() error {
	if len(r.setup.Certificate.Certificate) == 0 {
		return errors.New("there is no transport certificate")
	}
	der := r.setup.Certificate.Certificate[0]
	subject, err := cert.SubjectOfPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	if err != nil {
		return fmt.Errorf("the transport certificate: %w", err)
	}
	r.dn, r.leaf = subject.String(), sha256.Sum256(der)
	return nil
}

// discover reads the bank's discovery document (RFC 8414) for what nobody has said.
func (r *run) discover(ctx context.Context) error {
	if r.setup.Discovery != "" {
		asked := &request{method: http.MethodGet, url: r.setup.Discovery, header: http.Header{}, certificate: "own"}
		answer, err := r.wire.send(ctx, asked)
		if err != nil {
			return fmt.Errorf("the discovery document: %w", err)
		}
		document, err := decode(answer.body)
		if err != nil || answer.status != http.StatusOK {
			return fmt.Errorf("the discovery document cannot be had: status %d", answer.status)
		}
		r.read(document)
	}
	if r.setup.Base == "" || r.setup.Token == "" {
		return errors.New("the bank's registration endpoint or its token endpoint is not known: --base, --token-endpoint or --discovery")
	}
	return nil
}

func (r *run) read(document map[string]any) {
	aliases, _ := document["mtls_endpoint_aliases"].(map[string]any) // RFC 8705, section 5: what a client with a certificate uses
	fill := func(text *string, name string) {
		for _, from := range []map[string]any{aliases, document} {
			if value, _ := from[name].(string); *text == "" {
				*text = value
			}
		}
	}
	fill(&r.setup.Issuer, "issuer")
	fill(&r.setup.Token, "token_endpoint")
	fill(&r.setup.Base, "registration_endpoint")
	r.offered = texts(document["token_endpoint_auth_methods_supported"])
}

// readPapers takes over what the software statement says.
func (r *run) readPapers(ctx context.Context) error {
	text, err := r.supply.next(ctx)
	if err != nil {
		return err
	}
	r.supply.used = false
	statement, err := claims(text)
	if err != nil {
		return err
	}
	papers, err := r.profile.papers(statement, r.setup.RedirectURIs)
	if err != nil {
		return err
	}
	redirects, err := papers["redirect_uris"]()
	if err != nil {
		return err
	}
	list, _ := redirects.([]string)
	r.several = len(list) > 1
	r.values = basic().with(papers).with(values{
		"audience":       constant(r.setup.Audience),
		"issuer":         constant(r.setup.Issuer),
		"token_endpoint": constant(r.setup.Token),
		"alg":            constant(r.keys.algorithm()),
		"dn":             constant(r.dn),
		"random_jwk":     func() (any, error) { return r.keys.jwk() },
	})
	for name, template := range r.profile.Values {
		value, err := r.values.fill(template)
		if err != nil {
			return fmt.Errorf("profiles.yaml, values: %w", err)
		}
		r.values[name] = constant(value)
	}
	return nil
}
