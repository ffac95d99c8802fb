package trust

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// Certificate proves that a verified certificate is the software product's by its names, authorised for its roles, not
// revoked and, as far as the directory's file wants it, listed by the directory. It returns the certificate's type: the
// first of this directory's types that it is. It is not tried as one type after another. It fails with a *Doubt, or with an
// error of the caller's context. Nothing is fetched for a certificate whose names are another's.
func (d *Directory) Certificate(ctx context.Context, c *Certificate, of *dcr.Software, age Freshness) (*dcr.CertificateType, error) {
	kind, err := d.bound(ctx, c, of)
	if err != nil {
		return nil, err
	}
	if d.QCRoles && !namesRoles(c, of) {
		return nil, &Doubt{NotAuthorised, errors.New("the PSD2 statement of the certificate lacks a role of the software product")}
	}
	if err := d.notRevoked(ctx, of, "", c.Thumbprint, age); err != nil {
		return nil, err
	}
	if d.Listed == dcr.ListedOff {
		return kind, nil
	}
	listed, known, err := d.lists(ctx, of.GetKeySets(), c.Thumbprint)
	if err != nil {
		return nil, err
	}
	if !listed && (known || d.Listed != dcr.ListedWhenKnown) {
		return nil, &Doubt{NotListed, errors.New("the certificate is not a tls key of the software's or the organisation's key set")}
	}
	return kind, nil
}

// Signed proves that a token is signed with a key of the software product's that is not revoked, and returns what it
// says: "The registration request MUST be signed with a key contained in the JWKS referenced in the SSA" (OBIE Directory,
// Request Validation). It fails with a *Doubt, or with an error of the caller's context.
func (d *Directory) Signed(ctx context.Context, token *jose.Unverified, of *dcr.Software) (*jose.Verified, error) {
	if err := d.notRevoked(ctx, of, token.KeyID, "", Now); err != nil {
		return nil, err
	}
	keys, err := d.Keys.Keys(ctx, of.GetKeySets().GetJwks(), token.KeyID)
	if err != nil {
		return nil, doubt(fmt.Errorf("key set of the software: %w", err))
	}
	verified, err := token.Verify(keys)
	if err != nil {
		return nil, &Doubt{Forged, err}
	}
	return verified, nil
}

// Possessed proves by the certificate alone that the software product itself asks: that it is the product's own and not
// only its organisation's, by its names or because the product's key set lists it. Certificate must have returned the
// type. It fails as Certificate does.
func (d *Directory) Possessed(ctx context.Context, c *Certificate, kind *dcr.CertificateType, of *dcr.Software) error {
	if kind.NamesSoftware() {
		return nil
	}
	listed, _, err := d.lists(ctx, &dcr.KeySets{Jwks: of.GetKeySets().GetJwks()}, c.Thumbprint)
	if err == nil && !listed {
		err = &Doubt{NotProved, errors.New("the certificate is not the software product's alone")}
	}
	return err
}

// bound finds the type and asks whether the names are the software product's. "The ASPSP SHOULD check whether the TPP that
// initiated the TLS connection is the same TPP as listed in the SSA" (OBIE Directory, Request Validation); here it always
// is. A certificate whose type allows it may have other names and be listed by the directory as a tls key.
func (d *Directory) bound(ctx context.Context, c *Certificate, of *dcr.Software) (*dcr.CertificateType, error) {
	first := slices.IndexFunc(c.Trusts, func(t Trust) bool { return t.Directory == d.Name })
	if first < 0 {
		return nil, &Doubt{NotBound, errors.New("the certificate is of another directory")}
	}
	kind := c.Trusts[first].Type
	if kind.Binds(c.Subject, of) {
		return kind, nil
	}
	if kind.Binding == dcr.OrListed {
		listed, _, err := d.lists(ctx, of.GetKeySets(), c.Thumbprint)
		if err != nil || listed {
			return kind, err
		}
	}
	return nil, &Doubt{NotBound, errors.New("the names of the certificate are not the software product's")}
}

// namesRoles says whether a certificate that has a PSD2 statement names all roles of the software product in it. What the
// statement names is what the authority has authorised the holder for (ETSI TS 119 495, section 5.1). A certificate
// without the statement says nothing about roles.
func namesRoles(c *Certificate, of *dcr.Software) bool {
	return c.Roles == nil || !slices.ContainsFunc(of.GetRoles(), func(role string) bool { return !slices.Contains(c.Roles, role) })
}

// notRevoked asks the revoked sets about a key id and a certificate, each of which may be "". A set that cannot be fetched
// is an error: who cannot know does not allow.
func (d *Directory) notRevoked(ctx context.Context, of *dcr.Software, kid, thumbprint string, age Freshness) error {
	revoked := d.Keys.Revoked
	if age == Lately {
		revoked = d.Keys.RevokedLately
	}
	for _, url := range []string{of.GetKeySets().GetRevokedJwks(), of.GetKeySets().GetOrgRevokedJwks()} {
		if url == "" {
			continue
		}
		set, err := revoked(ctx, url)
		if err != nil {
			return doubt(fmt.Errorf("set of revoked keys: %w", err))
		}
		if kid != "" && set.KeyIDs[kid] || thumbprint != "" && set.Certificates[thumbprint] {
			return &Doubt{Revoked, errors.New("the key or the certificate is revoked")}
		}
	}
	return nil
}

// lists says whether the certificate is that of a tls key in the software's or the organisation's set, and whether either
// set has any. Before it says no it has the sets fetched once more, as for an unknown kid: a certificate that was renewed
// is listed before it is used. Where no set has a tls key, and none is wanted, there is nothing to fetch for.
func (d *Directory) lists(ctx context.Context, sets *dcr.KeySets, thumbprint string) (listed, known bool, err error) {
	listed, known, err = d.find(ctx, sets, thumbprint, "")
	if err == nil && !listed && (known || d.Listed != dcr.ListedWhenKnown) {
		listed, known, err = d.find(ctx, sets, thumbprint, thumbprint)
	}
	return listed, known, doubt(err)
}

// find looks for the certificate in both sets. One of them is enough, also while the other cannot be fetched. missed is
// what a set is fetched once more for, if it lacks it.
func (d *Directory) find(ctx context.Context, sets *dcr.KeySets, thumbprint, missed string) (listed, known bool, failed error) {
	for _, at := range []struct {
		url  string
		keys func(ctx context.Context, url, thumbprint string) (jose.KeySet, error)
	}{{sets.GetJwks(), d.Keys.KeysListing}, {sets.GetOrgJwks(), d.Keys.OrganisationKeys}} {
		if at.url == "" {
			continue
		}
		set, err := at.keys(ctx, at.url, missed)
		switch {
		case errors.Is(err, outbound.ErrForbidden):
			return false, known, err
		case err != nil:
			failed = fmt.Errorf("set of certificates: %w", err)
		case set.TLS[thumbprint]:
			return true, true, nil
		}
		known = known || len(set.TLS) > 0
	}
	return false, known, failed
}
