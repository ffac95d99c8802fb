package desk

import (
	"context"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// fileKeys are key sets that came from files, in the places that a gate would fetch them from. It asks nobody; a place
// that a gate would not ask either is refused as there.
type fileKeys struct {
	client *outbound.Client
	sets   map[string]jose.KeySet // by URL
}

func newFileKeys(client *outbound.Client) *fileKeys {
	return &fileKeys{client: client, sets: map[string]jose.KeySet{}}
}

// Keys implements trust.KeySets.
func (f *fileKeys) Keys(_ context.Context, url, _ string) (jose.KeySet, error) {
	return f.sets[url], f.client.Allows(url)
}

// KeysListing implements trust.KeySets.
func (f *fileKeys) KeysListing(ctx context.Context, url, _ string) (jose.KeySet, error) {
	return f.Keys(ctx, url, "")
}

// OrganisationKeys implements trust.KeySets.
func (f *fileKeys) OrganisationKeys(ctx context.Context, url, _ string) (jose.KeySet, error) {
	return f.Keys(ctx, url, "")
}

// RevokedLately implements trust.KeySets.
func (f *fileKeys) RevokedLately(ctx context.Context, url string) (jose.KeySet, error) {
	return f.Revoked(ctx, url)
}

// Revoked implements trust.KeySets: nobody here knows of any.
func (f *fileKeys) Revoked(_ context.Context, url string) (jose.KeySet, error) {
	return jose.KeySet{}, f.client.Allows(url)
}

// publish puts a software's key set where its statement says that it is.
func (f *fileKeys) publish(d *directory.Directory, statement *token, set jose.KeySet) {
	if d == nil || statement == nil {
		return
	}
	if url, err := statement.Claims.String(d.Claims.JWKS); err == nil && url != d.JWKS {
		f.sets[url] = set
	}
}

// list makes a certificate a tls key of the software, as far as its key set is known here.
func (f *fileKeys) list(d *directory.Directory, statement *token, thumbprint string) {
	url, err := statement.Claims.String(d.Claims.JWKS)
	if err != nil {
		return
	}
	set := f.sets[url]
	if set.TLS == nil {
		set.TLS = map[string]bool{}
	}
	set.TLS[thumbprint] = true
	f.sets[url] = set
}

func (f *fileKeys) lists(d *directory.Directory, statement *token, thumbprint string) bool {
	url, err := statement.Claims.String(d.Claims.JWKS)
	return err == nil && f.sets[url].TLS[thumbprint]
}
