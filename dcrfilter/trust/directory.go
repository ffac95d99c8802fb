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

// Certificate proves that a verified certificate belongs to the software product: its names match, it is authorised for
// the product's roles, it is not revoked, and the directory lists it if the directory's file requires that. It returns
// the certificate's type: the first type of this directory that matches; it does not try others. Its error is a *Doubt
// or an error of the caller's context. If the names do not match, nothing is fetched.
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
		return nil, &Doubt{NotListed, errors.New("the certificate does not belong to a tls key in the key set of the software product or organisation")}
	}
	return kind, nil
}

// Signed proves that a key of the software product that is not revoked has signed the token, and returns the verified
// token: "The registration request MUST be signed with a key contained in the JWKS referenced in the SSA" (OBIE
// Directory, Request Validation). Its error is a *Doubt or an error of the caller's context.
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

// Possessed proves by the certificate alone that the software product itself sends the request: the certificate belongs
// to the product and not only to its organisation, by its names or because the product's key set lists it. Certificate
// must have returned the type. Its errors are those of Certificate.
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

// bound finds the type and checks that the names are the software product's. "The ASPSP SHOULD check whether the TPP
// that initiated the TLS connection is the same TPP as listed in the SSA" (OBIE Directory, Request Validation); this
// product always does. If its type allows it, a certificate may have other names but be listed as a tls key.
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

// namesRoles reports whether the certificate's PSD2 statement, if it has one, contains all roles of the software
// product. The statement contains the roles that the authority has authorised the holder for (ETSI TS 119 495, section
// 5.1).
func namesRoles(c *Certificate, of *dcr.Software) bool {
	return c.Roles == nil || !slices.ContainsFunc(of.GetRoles(), func(role string) bool { return !slices.Contains(c.Roles, role) })
}

// notRevoked checks a key id and a certificate against the revoked sets. Each of them may be "". A set that cannot be
// fetched is an error, which denies.
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

// lists reports whether the certificate belongs to a tls key in the set of the software product or organisation, and
// whether either set has a tls key. Before it reports false it fetches the sets once more, as for an unknown kid: a
// renewed certificate is listed before it is used. If no set has a tls key and none is required, it does not fetch
// again.
func (d *Directory) lists(ctx context.Context, sets *dcr.KeySets, thumbprint string) (listed, known bool, err error) {
	listed, known, err = d.find(ctx, sets, thumbprint, "")
	if err == nil && !listed && (known || d.Listed != dcr.ListedWhenKnown) {
		listed, known, err = d.find(ctx, sets, thumbprint, thumbprint)
	}
	return listed, known, doubt(err)
}

// find looks for the certificate in both sets. One match is enough, even if the other set cannot be fetched. A set that
// lacks missed is fetched once more.
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
