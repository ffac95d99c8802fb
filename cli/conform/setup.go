package conform

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// newRun gets ready to judge: nothing is registered yet.
func newRun(ctx context.Context, setup Setup) (*run, error) {
	r := &run{setup: setup, supply: &supply{Statements: setup.Statements}, wire: newWire(&setup)}
	var err error
	if r.profile, err = dcrclient.Find(setup.Profile); err != nil {
		return nil, err
	}
	r.setup.AuthMethod = cmp.Or(setup.AuthMethod, dcrclient.PrivateKeyJWT)
	if r.keys, err = newKeys(setup.SigningKey, setup.KeyID); err != nil {
		return nil, err
	}
	if err := r.discover(ctx); err != nil {
		return nil, err
	}
	r.supply.singleUse = r.profile.SingleUse
	return r, r.readPapers(ctx)
}

// discover reads the bank's discovery document (RFC 8414) for what nobody has said.
func (r *run) discover(ctx context.Context) error {
	if r.setup.Discovery != "" {
		asked := &request{Request: dcrclient.NewRequest(http.MethodGet, r.setup.Discovery), certificate: "own"}
		answer, err := r.wire.send(ctx, asked)
		if err != nil {
			return fmt.Errorf("the discovery document: %w", err)
		}
		document, err := dcrclient.ReadDiscovery(answer)
		if err != nil {
			return err
		}
		r.setup.Issuer = cmp.Or(r.setup.Issuer, document.Issuer)
		r.setup.Token = cmp.Or(r.setup.Token, document.Token)
		r.setup.Base = cmp.Or(r.setup.Base, document.Registration)
		r.offered = document.AuthMethods
	}
	if r.setup.Base == "" || r.setup.Token == "" {
		return errors.New("the bank's registration endpoint or its token endpoint is not known: --base, --token-endpoint or --discovery")
	}
	return nil
}

// readPapers takes over what the software statement and the transport certificate say.
func (r *run) readPapers(ctx context.Context) error {
	text, err := r.supply.next(ctx)
	if err != nil {
		return err
	}
	r.supply.used = false
	r.software = dcrclient.Software{
		Profile: r.profile.Name, Audience: r.setup.Audience, RedirectURIs: r.setup.RedirectURIs,
		Transport: r.setup.Certificate, Signing: r.setup.SigningKey, SigningKeyID: r.setup.KeyID, StatementText: text,
	}
	papers, err := r.software.Values()
	if err != nil {
		return err
	}
	if _, err := papers.Fill("${dn}"); err != nil {
		return err
	}
	r.leaf = sha256.Sum256(r.setup.Certificate.Certificate[0])
	for name, claim := range map[string]string{"software_id": r.profile.Statement.SoftwareID, "redirect_uri": r.profile.Statement.RedirectURIs} {
		if value, err := papers.Fill("${" + name + "}"); err != nil || value == nil {
			return fmt.Errorf("the software statement has no %s", claim)
		}
	}
	redirects, err := papers["redirect_uris"]()
	if err != nil {
		return err
	}
	list, _ := redirects.([]string)
	r.several = len(list) > 1
	r.values = papers.With(dcrclient.Values{
		"issuer":         dcrclient.Constant(r.setup.Issuer),
		"token_endpoint": dcrclient.Constant(r.setup.Token),
		"random_jwk":     func() (any, error) { return r.keys.jwk() },
	})
	for name, template := range r.profile.Values {
		value, err := r.values.Fill(template)
		if err != nil {
			return fmt.Errorf("profiles.yaml, values: %w", err)
		}
		r.values[name] = dcrclient.Constant(value)
	}
	return nil
}
