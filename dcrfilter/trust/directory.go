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
	kind, err := d.bound(ctx, c, of, age)
	if err != nil {
		return nil, err
	}
	if d.QCRoles && !namesRoles(kind, c, of) {
		return nil, &Doubt{NotAuthorised, errors.New("the PSD2 statement of the certificate lacks a role of the software product")}
	}
	if err := d.notRevoked(ctx, of, nil, c.Thumbprint, age); err != nil {
		return nil, err
	}
	if d.Listed == dcr.ListedOff {
		return kind, nil
	}
	listed, known, err := d.lists(ctx, of.GetKeySets(), c.Thumbprint, age)
	if err != nil {
		return nil, err
	}
	if !listed && (known || d.Listed != dcr.ListedWhenKnown) {
		return nil, &Doubt{NotListed, errors.New("the certificate does not belong to a tls key in the key set of the software product or organisation")}
	}
	return kind, nil
}

// Signed proves that a key of the software product has signed the token, and that neither this key nor one of beside is
// revoked. It returns the verified token: "The registration request MUST be signed with a key contained in the JWKS
// referenced in the SSA" (OBIE Directory, Request Validation). Its error is a *Doubt or an error of the caller's context.
func (d *Directory) Signed(ctx context.Context, token *jose.Unverified, of *dcr.Software, beside ...jose.Key) (*jose.Verified, error) {
	verified, set, err := d.verify(ctx, of.GetKeySets().GetJwks(), token)
	switch {
	case errors.Is(err, jose.ErrSignature):
		// The directory may already have removed the key that the token names.
		if err := d.notRevoked(ctx, of, []jose.Key{{ID: token.KeyID}}, "", Now); err != nil {
			return nil, err
		}
		if !slices.Contains(set.Algorithms(), token.Algorithm) {
			return nil, &Doubt{Unfit, fmt.Errorf("key set of the software: of its %d keys, %d are usable for signatures and none for %s",
				set.Members, len(set.Signing), token.Algorithm)}
		}
		return nil, &Doubt{Forged, err}
	case err != nil:
		return nil, doubt(fmt.Errorf("key set of the software: %w", err))
	}
	return verified, d.notRevoked(ctx, of, slices.Concat(verified.Keys, beside), "", Now)
}

// verify verifies the token with a key of the set at url. If none verifies it, perhaps because a key was replaced under
// its kid, it fetches the set once more.
func (d *Directory) verify(ctx context.Context, url string, token *jose.Unverified) (*jose.Verified, jose.KeySet, error) {
	set, err := d.Keys.Keys(ctx, url, token.KeyID)
	if err != nil {
		return nil, set, err
	}
	verified, err := token.Verify(set)
	if err == nil {
		return verified, set, nil
	}
	if set, err = d.Keys.KeysAgain(ctx, url); err != nil {
		return nil, set, err
	}
	verified, err = token.Verify(set)
	return verified, set, err
}

// Possessed proves by the certificate alone that the software product of the statement itself sends the request: the
// certificate belongs to the product and not only to its organisation, by its names or because the product's key set lists
// it. Certificate must have returned the type. Its errors are those of Certificate.
func (d *Directory) Possessed(ctx context.Context, c *Certificate, kind *dcr.CertificateType, stated *Statement) error {
	if err := d.notRevoked(ctx, stated.Software, stated.Keys, "", Now); err != nil || kind.NamesSoftware() {
		return err
	}
	listed, _, err := d.lists(ctx, &dcr.KeySets{Jwks: stated.Software.GetKeySets().GetJwks()}, c.Thumbprint, Now)
	if err == nil && !listed {
		err = &Doubt{NotProved, errors.New("the certificate is not the software product's alone")}
	}
	return err
}

// bound finds the type and checks that the names are the software product's. "The ASPSP SHOULD check whether the TPP
// that initiated the TLS connection is the same TPP as listed in the SSA" (OBIE Directory, Request Validation); this
// product always does. If its type allows it, a certificate may have other names but be listed as a tls key.
func (d *Directory) bound(ctx context.Context, c *Certificate, of *dcr.Software, age Freshness) (*dcr.CertificateType, error) {
	first := slices.IndexFunc(c.Trusts, func(t Trust) bool { return t.Directory == d.Name })
	if first < 0 {
		return nil, &Doubt{NotBound, errors.New("the certificate is of another directory")}
	}
	kind := c.Trusts[first].Type
	if kind.Binds(c.Subject, of) {
		return kind, nil
	}
	if kind.Binding == dcr.OrListed {
		listed, _, err := d.lists(ctx, of.GetKeySets(), c.Thumbprint, age)
		if err != nil || listed {
			return kind, err
		}
	}
	return nil, &Doubt{NotBound, errors.New("the names of the certificate are not the software product's")}
}

// namesRoles reports whether the certificate's PSD2 statement contains all roles of the software product. The statement
// contains the roles that the authority has authorised the holder for: "the Open Banking Attributes ... shall be included
// in a QCStatement" (ETSI TS 119 495, section 5.1). A certificate of a type that must have one and does not has no roles.
func namesRoles(kind *dcr.CertificateType, c *Certificate, of *dcr.Software) bool {
	return c.Roles == nil && !kind.PSD2Statement ||
		!slices.ContainsFunc(of.GetRoles(), func(role string) bool { return !slices.Contains(c.Roles, role) })
}

// notRevoked checks keys, by their kids and thumbprints, and a certificate unless it is "" against the revoked sets. A set
// that cannot be fetched is an error, which denies.
func (d *Directory) notRevoked(ctx context.Context, of *dcr.Software, keys []jose.Key, certificate string, age Freshness) error {
	for _, url := range []string{of.GetKeySets().GetRevokedJwks(), of.GetKeySets().GetOrgRevokedJwks()} {
		if url == "" {
			continue
		}
		set, err := d.Keys.Revoked(ctx, url, age)
		if err != nil {
			return doubt(fmt.Errorf("set of revoked keys: %w", err))
		}
		if set.Revokes(keys) || certificate != "" && set.Certificates[certificate] {
			return &Doubt{Revoked, errors.New("the key or the certificate is revoked")}
		}
	}
	return nil
}

// lists reports whether the certificate belongs to a tls key in the set of the software product or organisation, and
// whether either set has a tls key. Before it reports false it fetches the sets once more, as for an unknown kid: a
// renewed certificate is listed before it is used. If no set has a tls key and none is required, it does not fetch
// again.
func (d *Directory) lists(ctx context.Context, sets *dcr.KeySets, thumbprint string, age Freshness) (listed, known bool, err error) {
	listed, known, err = d.find(ctx, sets, thumbprint, "", age)
	if err == nil && !listed && (known || d.Listed != dcr.ListedWhenKnown) {
		listed, known, err = d.find(ctx, sets, thumbprint, thumbprint, age)
	}
	return listed, known, doubt(err)
}

// find looks for the certificate in both sets. One match is enough, even if the other set cannot be fetched. A set that
// lacks missed is fetched once more.
func (d *Directory) find(ctx context.Context, sets *dcr.KeySets, thumbprint, missed string, age Freshness) (listed, known bool, failed error) {
	for _, url := range []string{sets.GetJwks(), sets.GetOrgJwks()} {
		if url == "" {
			continue
		}
		set, err := d.Keys.Listing(ctx, url, missed, age)
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
