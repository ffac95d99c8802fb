// Package trust says whether a software statement, a certificate and a signature are a software product's, and whether
// they still hold. Registration, the token endpoint and every call ask it the same questions; who may learn why the answer
// was no is for them to decide. Use it wherever a decision rests on a directory; rules about what a registration holds
// are in package rule.
package trust

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// Kind is why a certificate or a signature is not believed.
type Kind string

// The kinds of doubt. All but Unavailable are final until the participant or its directory changes something.
const (
	NotBound      Kind = "not bound"      // the certificate's names are not the software product's
	NotAuthorised Kind = "not authorised" // the certificate's PSD2 statement lacks a role of the software product
	NotListed     Kind = "not listed"     // the directory publishes certificates, and this is not one of them
	NotProved     Kind = "not proved"     // the certificate is the organisation's and not the software product's alone
	Revoked       Kind = "revoked"        // a revoked set has the key or the certificate
	Forged        Kind = "forged"         // the signature does not verify with a key of the software product
	Forbidden     Kind = "forbidden"      // a key set is at an address where the directory does not publish keys
	Unavailable   Kind = "unavailable"    // a key set that is needed cannot be fetched now
)

// A Doubt is why a participant is not believed. Its text is for the log alone.
type Doubt struct {
	Kind  Kind
	Cause error
}

// Error joins the kind and the cause.
func (d *Doubt) Error() string { return fmt.Sprintf("%s: %v", d.Kind, d.Cause) }

// Unwrap returns the cause.
func (d *Doubt) Unwrap() error { return d.Cause }

// doubt is a Doubt about a key set that is not there; any other error, as a request that was cancelled, it returns.
func doubt(err error) error {
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return &Doubt{Forbidden, err}
	case errors.Is(err, jwks.ErrUnavailable):
		return &Doubt{Unavailable, err}
	}
	return err
}

// KeySets is where the key sets of a directory and of its participants come from. In a gate it is a *jwks.Source, whose
// promises and errors these are.
type KeySets interface {
	Keys(ctx context.Context, url, kid string) (jose.KeySet, error)
	KeysListing(ctx context.Context, url, thumbprint string) (jose.KeySet, error)
	OrganisationKeys(ctx context.Context, url, thumbprint string) (jose.KeySet, error)
	Revoked(ctx context.Context, url string) (jose.KeySet, error)
	RevokedLately(ctx context.Context, url string) (jose.KeySet, error)
}

// Freshness is how old a revoked set may be that is asked.
type Freshness int

// The values of Freshness: KeySets says how old each may be.
const (
	Now    Freshness = iota // before a client is registered or gets a token
	Lately                  // with each of a client's calls
)

// Directory is a directory in use, with the way to its keys and its participants' keys.
type Directory struct {
	*dcr.Directory
	Keys KeySets
}

// Directories are the directories in use, by name.
type Directories map[string]*Directory

// Named are those of the names; all of them where there are none.
func (d Directories) Named(names []string) Directories {
	if len(names) == 0 {
		return d
	}
	named := Directories{}
	for _, name := range names {
		if d[name] != nil {
			named[name] = d[name]
		}
	}
	return named
}

// Of returns the directory that a software product is of, nil where it is not in use.
func (d Directories) Of(software *dcr.Software) *Directory { return d[software.GetDirectory()] }
