package trust

import (
	"context"
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// SigningAlgorithms returns the algorithms for which the key set of the software product has a key. Its error is a *Doubt or an
// error of the caller's context.
func (d *Directory) SigningAlgorithms(ctx context.Context, of *dcr.Software) ([]string, error) {
	set, err := d.Keys.Keys(ctx, of.GetKeySets().GetJwks(), "")
	if err != nil {
		return nil, doubt(fmt.Errorf("key set of the software: %w", err))
	}
	return set.Algorithms(), nil
}

// ListsName reports whether the key set of the software product or its organisation has a tls key whose certificate has
// the name as its subject. It fetches both sets again before it reports false. Its error is a *Doubt or an error of the
// caller's context.
func (d *Directory) ListsName(ctx context.Context, of *dcr.Software, name dn.Name) (bool, error) {
	has := func(subject dn.Name) bool { return subject.Matches(name, true) }
	for _, missed := range []string{"", "a certificate with another name"} {
		for _, url := range []string{of.GetKeySets().GetJwks(), of.GetKeySets().GetOrgJwks()} {
			if url == "" {
				continue
			}
			set, err := d.Keys.Listing(ctx, url, missed, Now)
			if err != nil {
				return false, doubt(fmt.Errorf("set of certificates: %w", err))
			}
			if slices.ContainsFunc(set.Subjects, has) {
				return true, nil
			}
		}
	}
	return false, nil
}
