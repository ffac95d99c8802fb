package filter

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// ClientAuthFilter authenticates the client at the token, revocation and introspection endpoints, by private_key_jwt
// (RFC 7523) or tls_client_auth (RFC 8705, section 2.1). It also proves that the connection belongs to the client's
// software product.
type ClientAuthFilter struct {
	Store       *store.Store
	Directories trust.Directories
	Known       trust.Known
	Audiences   []string // accepted values of an assertion's aud: the issuer and the token endpoint
	Waiting     Queue    // of those who wait for key sets, by their certificates; nil does not limit them
}

// Check implements Filter: it proves Request.Client and Request.AuthMethod.
func (f *ClientAuthFilter) Check(ctx context.Context, r *Request) error {
	parameters, err := request.ReadForm(r.Header, r.Query, r.Body)
	if err != nil {
		return err
	}
	method, err := chosenMethod(r, parameters)
	if err != nil {
		return err
	}
	ctx = waitIn(ctx, f.Waiting, r)
	var client *dcrpb.Client
	switch method {
	case "private_key_jwt":
		client, err = f.assertion(ctx, r, parameters)
	default:
		client, err = f.certificate(ctx, r, parameters)
	}
	if err != nil {
		return err
	}
	r.Client, r.AuthMethod = client, method
	return nil
}

// "The client MUST NOT use more than one authentication method in each request." (RFC 6749, section 2.3)
func chosenMethod(r *Request, parameters request.Form) (string, error) {
	assertion := parameters.Has("client_assertion") || parameters.Has("client_assertion_type")
	others := 0
	if len(r.Header.Values("Authorization")) > 0 {
		others++
	}
	if parameters.Has("client_secret") {
		others++
	}
	switch {
	case others > 1 || others == 1 && assertion:
		return "", dcr.Refuse("clientauth.methods")
	case others == 1:
		return "", dcr.Refuse("clientauth.method")
	case assertion:
		return "private_key_jwt", nil
	case !parameters.Has("client_id"):
		return "", dcr.Refuse("clientauth.missing")
	}
	return "tls_client_auth", nil
}

// assertion authenticates the client by private_key_jwt.
func (f *ClientAuthFilter) assertion(ctx context.Context, r *Request, parameters request.Form) (*dcrpb.Client, error) {
	unverified, err := request.Assertion(parameters)
	if err != nil {
		return nil, err
	}
	// The unverified iss only selects the client whose keys verify. It is compared again below, in the verified claims.
	id, err := unverified.Claims.String("iss")
	if err != nil {
		return nil, dcr.Refuse("clientauth.iss").CausedBy(err)
	}
	client, err := f.load(ctx, id, "private_key_jwt")
	if err != nil {
		return nil, err
	}
	if client.GetTokenEndpointAuthSigningAlg() != unverified.Algorithm {
		return nil, dcr.Refuse("clientauth.client").CausedBy(errors.New("alg is not the registered token_endpoint_auth_signing_alg"))
	}
	source, of, profile, err := f.checkCertificate(ctx, r, client)
	if err != nil {
		return nil, err
	}
	verified, err := source.Signed(ctx, unverified, of)
	if err != nil {
		return nil, refuse(err, toStranger, "clientauth.client")
	}
	jti, expires, err := request.CheckAssertion(verified, client.GetId(), parameters, f.Audiences, profile.Clients.LongestAssertion(), r.Now)
	if err != nil {
		return nil, err
	}
	r.UsedJTIs = []*dcrpb.UsedJTI{usedJTI("assertion", client.GetId(), jti, expires)}
	return client, nil
}

// certificate authenticates the client by tls_client_auth: "The client_id parameter ... is REQUIRED" (RFC 8705, section
// 2) and the subject must be the registered one.
func (f *ClientAuthFilter) certificate(ctx context.Context, r *Request, parameters request.Form) (*dcrpb.Client, error) {
	client, err := f.load(ctx, parameters.Value("client_id"), "tls_client_auth")
	if err != nil {
		return nil, err
	}
	registered, err := dn.Parse(client.GetTlsClientAuthSubjectDn())
	if err != nil {
		return nil, fmt.Errorf("registered subject DN: %w", err)
	}
	if !r.Certificate.Subject.Matches(registered, true) {
		return nil, dcr.Refuse("clientauth.client").CausedBy(errors.New("the certificate's subject is not tls_client_auth_subject_dn"))
	}
	_, _, _, err = f.checkCertificate(ctx, r, client)
	return client, err
}

// load reads the client's record and checks that the client is active and registered for the method.
func (f *ClientAuthFilter) load(ctx context.Context, id, method string) (*dcrpb.Client, error) {
	client, err := f.Store.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, dcr.Refuse("clientauth.client").CausedBy(err)
	case err != nil:
		return nil, fmt.Errorf("record of the client: %w", err)
	case client.GetState() != dcrpb.Client_ACTIVE:
		return nil, dcr.Refuse("clientauth.client").CausedBy(errors.New("the client is suspended"))
	case client.GetTokenEndpointAuthMethod() != method:
		return nil, dcr.Refuse("clientauth.client").CausedBy(errors.New("the client is registered for another method"))
	}
	return client, nil
}

// checkCertificate proves that the connection belongs to the client's software product. Otherwise organisation A could
// use a stolen assertion of organisation B with its own certificate.
func (f *ClientAuthFilter) checkCertificate(ctx context.Context, r *Request, client *dcrpb.Client) (*trust.Directory, *dcr.Software, *dcr.Profile, error) {
	profile, err := f.Known(client)
	if err != nil {
		return nil, nil, nil, err
	}
	of := f.Directories.Software(client)
	source := f.Directories.Of(of)
	if source == nil {
		return nil, nil, nil, fmt.Errorf("the client's directory %s is not part of the configuration", of.GetDirectory())
	}
	_, err = source.Certificate(ctx, r.Certificate, of, trust.Now)
	return source, of, profile, refuse(err, toStranger, "clientauth.client")
}
