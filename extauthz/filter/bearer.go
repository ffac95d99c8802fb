package filter

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/metric"
)

const (
	tokenCacheSize = 16_384
	maxTokenBytes  = 8 << 10
)

// BearerFilter proves that the request carries a valid access token of ours, that the token is bound to the TLS client
// certificate, and that the certificate still belongs to the client. The caller learns that the token is invalid but
// not why. Verified tokens are cached by the SHA-256 of their bytes; whether the token, the key that verified it and the
// certificate are still valid is checked every time.
type BearerFilter struct {
	inspector   token.Inspector
	store       *store.Store
	directories trust.Directories
	verified    *metric.Cache[[sha256.Size]byte, *verifiedToken]
	clients     *trust.Clients
}

// verifiedToken is a token whose signature and claims were verified, with what the current record of its client leaves of
// it.
type verifiedToken struct {
	*token.Token
	now atomic.Pointer[currentToken]
}

type currentToken struct {
	client *trust.Client
	token  *token.Token
}

// NewBearerFilter returns the filter. The set counts its caches, and may be nil.
func NewBearerFilter(inspector token.Inspector, store *store.Store, directories trust.Directories, known trust.Known, set *metric.Set) (*BearerFilter, error) {
	verified, err := metric.NewCache[[sha256.Size]byte, *verifiedToken](set, "token", tokenCacheSize)
	if err != nil {
		return nil, err
	}
	clients, err := trust.NewClients(store, directories, known, set)
	if err != nil {
		return nil, err
	}
	return &BearerFilter{inspector: inspector, store: store, directories: directories, verified: verified, clients: clients}, nil
}

// Check implements Filter: it proves Request.Token.
func (f *BearerFilter) Check(ctx context.Context, r *Request) error {
	compact, err := bearerToken(r)
	if err != nil {
		return err
	}
	t, err := f.verify(ctx, compact, r)
	if err != nil {
		return err
	}
	// "The protected resource MUST obtain, from its TLS implementation layer, the client certificate used for mutual TLS
	// and MUST verify that the certificate matches the certificate associated with the access token." (RFC 8705,
	// section 3)
	if subtle.ConstantTimeCompare([]byte(t.Thumbprint), []byte(r.Certificate.Thumbprint)) != 1 {
		return dcr.Refuse("bearer.token").CausedBy(errors.New("the token is bound to another certificate"))
	}
	standing, err := f.store.Standing(ctx, t.ClientID, t.ID)
	switch {
	case err != nil:
		return fmt.Errorf("standing of a token: %w", err)
	case standing.Revoked:
		return dcr.Refuse("bearer.token").CausedBy(errors.New("the token was revoked"))
	case !standing.Active || standing.Generation != t.Generation:
		return dcr.Refuse("bearer.token").CausedBy(errors.New("the client is gone, suspended, or has ended its earlier tokens"))
	}
	client, err := f.client(ctx, t.ClientID, standing.Version)
	if err != nil {
		return err
	}
	if err := f.checkCertificate(ctx, r, client.Software); err != nil {
		return err
	}
	if client.RegistrationOnly && !r.Route.Needs(routes.CheckOwner) {
		return dcr.Refuse("bearer.registration_only")
	}
	r.Token = t.of(client)
	return nil
}

// of returns the token without the scopes that its client no longer has.
func (v *verifiedToken) of(client *trust.Client) *token.Token {
	if now := v.now.Load(); now != nil && now.client == client {
		return now.token
	}
	cut := v.Within(client.Scopes)
	v.now.Store(&currentToken{client, cut})
	return cut
}

// verify returns the token of the compact form, from the cache if it was verified before.
func (f *BearerFilter) verify(ctx context.Context, compact string, r *Request) (*verifiedToken, error) {
	key := sha256.Sum256([]byte(compact))
	usable := func(t *verifiedToken) bool { return r.Now.Before(t.Expires) && t.KeyHeld != nil && t.KeyHeld() }
	if t, ok := f.verified.Get(key, usable); ok {
		return t, nil
	}
	f.verified.Remove(key)
	t, err := f.inspector.Inspect(ctx, compact, r.Now)
	switch {
	case errors.Is(err, token.ErrInvalid):
		return nil, dcr.Refuse("bearer.token").CausedBy(err)
	case err != nil:
		return nil, err
	}
	verified := &verifiedToken{Token: t}
	f.verified.Add(key, verified)
	return verified, nil
}

// client returns the record of the token's client, in this version or a newer one.
func (f *BearerFilter) client(ctx context.Context, id string, version uint64) (*trust.Client, error) {
	client, err := f.clients.Client(ctx, id, version)
	if errors.Is(err, store.ErrNotFound) {
		return nil, dcr.Refuse("bearer.token").CausedBy(err)
	}
	return client, err
}

// checkCertificate proves that the certificate of a call still belongs to the client: the names match, it is not
// revoked, and the directory lists it if it lists certificates. A certificate can become invalid before the tokens that
// are bound to it expire.
func (f *BearerFilter) checkCertificate(ctx context.Context, r *Request, of *dcr.Software) error {
	source := f.directories.Of(of)
	if source == nil {
		return fmt.Errorf("the client's directory %s is not part of the configuration", of.GetDirectory())
	}
	_, err := source.Certificate(ctx, r.Certificate, of, trust.Lately)
	return refuse(err, toStranger, "bearer.token")
}

// bearerToken reads the token from the only place that is allowed: "shall only accept access tokens in the header"
// (FAPI 1.0 Part 1, section 6.2.1).
func bearerToken(r *Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 || values[0] == "" && len(values) == 1 {
		return "", dcr.Refuse("bearer.missing")
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	// Envoy joins repeated Authorization headers with a comma. No token contains one, but other schemes do.
	list := strings.Contains(values[0], ",")
	joined := list && strings.Contains(strings.ToLower(values[0]), ",bearer ")
	if len(values) == 1 && !joined && !strings.EqualFold(scheme, "Bearer") {
		return "", dcr.Refuse("bearer.scheme")
	}
	// "Clients MUST NOT use more than one method to transmit the token in each request." (RFC 6750, section 2)
	if len(values) > 1 || list || namesAccessToken(r) {
		return "", dcr.Refuse("bearer.methods")
	}
	if compact := strings.TrimLeft(rest, " "); isB64Token(compact) {
		return compact, nil
	}
	return "", dcr.Refuse("bearer.token").CausedBy(errors.New("no b64token follows the scheme"))
}

// namesAccessToken reports whether the query also has a token, or the form if the gate receives the body. On a bank's
// API it does not: only the upstream reads that body.
func namesAccessToken(r *Request) bool {
	if query, err := url.ParseQuery(r.Query); err != nil || query.Has("access_token") {
		return true
	}
	if !strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/x-www-form-urlencoded") {
		return false
	}
	form, err := url.ParseQuery(string(r.Body))
	return err != nil || form.Has("access_token")
}

// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" (RFC 6750, section 2.1)
func isB64Token(text string) bool {
	body := strings.TrimRight(text, "=")
	if body == "" || len(text) > maxTokenBytes {
		return false
	}
	for i := range len(body) {
		c := body[i]
		alphanumeric := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alphanumeric && !strings.ContainsRune("-._~+/", rune(c)) {
			return false
		}
	}
	return true
}
