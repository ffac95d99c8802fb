package filter

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

var (
	// errRevoked says that a key or certificate stands in a revoked set.
	errRevoked = errors.New("the key or the certificate is revoked")
	// errUnlisted says that the directory publishes the participant's certificates, and that this is none of them.
	errUnlisted = errors.New("the certificate is not a tls key of the software's or the organisation's key set")
)

// A fetch gets the key set at a URL.
type fetch func(ctx context.Context, url string) (jose.KeySet, error)

// vouches asks the directory about a key id (which may be "") and a certificate that belongs to the participant by its
// names: neither may be revoked, and the certificate must be listed, as far as the directory's file wants it. A set that
// cannot be had is an error: who cannot know does not allow. revoked is how the revoked sets are had.
func (d *Directory) vouches(ctx context.Context, sets *dcr.KeySets, kid, thumbprint string, revoked fetch) error {
	for _, url := range []string{sets.GetRevokedJwks(), sets.GetOrgRevokedJwks()} {
		if url == "" {
			continue
		}
		set, err := revoked(ctx, url)
		if err != nil {
			return fmt.Errorf("set of revoked keys: %w", err)
		}
		if kid != "" && set.KeyIDs[kid] || set.Certificates[thumbprint] {
			return errRevoked
		}
	}
	if d.Listed == dcr.ListedOff {
		return nil
	}
	listed, known, err := d.lists(ctx, sets, thumbprint)
	if err != nil || listed || !known && d.Listed == dcr.ListedWhenKnown {
		return err
	}
	return errUnlisted
}

// lists says whether the certificate is that of a tls key in the software's or the organisation's set, and whether either
// set has any. Before it says no it has the sets fetched once more, as for an unknown kid: a certificate that was renewed
// is listed before it is used. Where no set has a tls key, and none is wanted, there is nothing to fetch for.
func (d *Directory) lists(ctx context.Context, sets *dcr.KeySets, thumbprint string) (listed, known bool, err error) {
	listed, known, err = d.find(ctx, sets, thumbprint, "")
	if err != nil || listed || !known && d.Listed == dcr.ListedWhenKnown {
		return listed, known, err
	}
	return d.find(ctx, sets, thumbprint, thumbprint)
}

// find looks for the certificate in both sets. One of them is enough, also while the other cannot be had. missed is what
// a set is fetched once more for, if it lacks it.
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
