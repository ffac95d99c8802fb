package filter

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// KeySets is where the key sets of a directory and of its participants come from. In a gate it is a *jwks.Source, whose
// promises and errors these are.
type KeySets interface {
	Keys(ctx context.Context, url, kid string) (jose.KeySet, error)
	KeysListing(ctx context.Context, url, thumbprint string) (jose.KeySet, error)
	OrganisationKeys(ctx context.Context, url, thumbprint string) (jose.KeySet, error)
	Revoked(ctx context.Context, url string) (jose.KeySet, error)
	RevokedLately(ctx context.Context, url string) (jose.KeySet, error)
}

// Directory is a directory in use, with the way to its keys and its participants' keys.
type Directory struct {
	*dcr.Directory
	Keys KeySets
}

// Directories are the directories in use, by name.
type Directories map[string]*Directory

// of returns those of the names, whose software may register at a route; all of them where a route has no names.
func (d Directories) of(names []string) Directories {
	if len(names) == 0 {
		return d
	}
	of := Directories{}
	for _, name := range names {
		if d[name] != nil {
			of[name] = d[name]
		}
	}
	return of
}

// choose returns the directory that has to verify a software statement, as directory.Choose does.
func (d Directories) choose(claims strictjson.Object) (*Directory, error) {
	chosen, err := directory.Choose(func(yield func(*dcr.Directory) bool) {
		for _, one := range d {
			if !yield(one.Directory) {
				return
			}
		}
	}, claims)
	if err != nil {
		return nil, err
	}
	return d[chosen.Name], nil
}

// verify checks a participant's token with the keys of its software.
func (d *Directory) verify(ctx context.Context, of *dcr.Software, unverified *jose.Unverified) (*jose.Verified, error) {
	keys, err := d.Keys.Keys(ctx, of.GetKeySets().GetJwks(), unverified.KeyID)
	if err != nil {
		return nil, fmt.Errorf("key set of the software: %w", err)
	}
	return unverified.Verify(keys)
}

// keyFault turns what can go wrong with a participant's key sets into a refusal. The one given is for a signature that
// does not verify.
func keyFault(err error, refusal string) error {
	switch {
	case errors.Is(err, jose.ErrSignature):
		return dcr.Refuse(refusal).CausedBy(err)
	case errors.Is(err, errRevoked):
		return dcr.Refuse("keys.revoked").CausedBy(err)
	case errors.Is(err, outbound.ErrForbidden):
		return dcr.RefuseStatement("keys.host").CausedBy(err)
	case errors.Is(err, jwks.ErrUnavailable):
		return dcr.Refuse("keys.unavailable").CausedBy(err)
	}
	return err
}

// bind proves that the certificate belongs to the owner, by the rule of the first kind of this directory's certificates
// that it is: a certificate is not tried as one kind after another. It fails with rule.ErrBinding, and with
// rule.ErrRoles where the directory wants the certificate's roles to be the owner's.
func (d *Directory) bind(ctx context.Context, c *Certificate, of *dcr.Software) (*dcr.Presented, error) {
	presented, err := d.bindNames(ctx, c, of)
	if err == nil && d.QCRoles {
		err = rule.CheckRoles(presented, of)
	}
	return presented, err
}

func (d *Directory) bindNames(ctx context.Context, c *Certificate, of *dcr.Software) (*dcr.Presented, error) {
	first := slices.IndexFunc(c.Trusts, func(t Trust) bool { return t.Directory == d.Name })
	if first < 0 {
		return nil, rule.ErrBinding
	}
	presented := &dcr.Presented{Certificate: c.Certificate, Profile: c.Trusts[first].Profile}
	err := rule.CheckBinding(presented, of)
	if err == nil || presented.Profile != "qwac" {
		return presented, err
	}
	// A QWAC without an authorisation number of ours may still be one that the directory lists as a tls key.
	if presented.Listed, _, err = d.lists(ctx, of.GetKeySets(), c.Thumbprint); err != nil {
		return nil, err
	}
	return presented, rule.CheckBinding(presented, of)
}
