// Package trust decides whether a software statement, a certificate or a signature belongs to a software product and is
// still valid. Use it wherever a decision depends on a directory: registration, the token endpoint and every call ask
// the same questions. Callers decide what a client learns of a Doubt; the rules about the content of a registration are
// in dcrfilter/rule.
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

// Kind is the reason why a certificate or signature was rejected.
type Kind string

// The reasons of a Doubt. All except Unavailable remain until the participant or its directory changes something.
const (
	NotBound      Kind = "not bound"      // the certificate's names are not the software product's
	NotAuthorised Kind = "not authorised" // the certificate's PSD2 statement lacks a role of the software product
	NotListed     Kind = "not listed"     // the directory publishes certificates, and this is not one of them
	NotProved     Kind = "not proved"     // the certificate is the organisation's and not the software product's alone
	Revoked       Kind = "revoked"        // a revoked set has the key or the certificate
	Forged        Kind = "forged"         // the signature does not verify with a key of the software product
	Unfit         Kind = "unfit"          // a key set was received but cannot be used, has no key for the signature, or does not exist
	Forbidden     Kind = "forbidden"      // a key set is at an address where the directory does not publish keys
	Unavailable   Kind = "unavailable"    // a key set that is needed cannot be fetched now
)

// Kinds returns all reasons.
func Kinds() []Kind {
	return []Kind{NotBound, NotAuthorised, NotListed, NotProved, Revoked, Forged, Unfit, Forbidden, Unavailable}
}

// A Doubt is the error for a certificate or signature that was not accepted. Its text is only for the log, except for the
// text of Cause if Kind is Unfit: it is what is wrong with the set, for its owner.
type Doubt struct {
	Kind  Kind
	Cause error
}

// Error returns the kind and the cause.
func (d *Doubt) Error() string { return fmt.Sprintf("%s: %v", d.Kind, d.Cause) }

// Unwrap returns the cause.
func (d *Doubt) Unwrap() error { return d.Cause }

// doubt returns a Doubt for a key set that cannot be had, and other errors unchanged, such as that of a cancelled request.
func doubt(err error) error {
	_, unusable := errors.AsType[*jwks.Unusable](err)
	switch {
	case unusable:
		return &Doubt{Unfit, err}
	case errors.Is(err, outbound.ErrForbidden):
		return &Doubt{Forbidden, err}
	case errors.Is(err, jwks.ErrUnavailable):
		return &Doubt{Unavailable, err}
	}
	return err
}

// KeySets provides the key sets of a directory and its participants. In a gate it is a *jwks.Source, which documents
// the behaviour and the errors.
type KeySets interface {
	Keys(ctx context.Context, url, kid string) (jose.KeySet, error)
	KeysAgain(ctx context.Context, url string) (jose.KeySet, error)
	Listing(ctx context.Context, url, thumbprint string, age Freshness) (jose.KeySet, error)
	Revoked(ctx context.Context, url string, age Freshness) (jose.KeySet, error)
}

// Freshness says how old a revoked set may be.
type Freshness = jwks.Freshness

// The values of Freshness; package jwks defines the age of each.
const (
	Now    = jwks.Now    // before a client is registered or gets a token
	Lately = jwks.Lately // with each of a client's calls
)

// Directory is a configured directory with its key sets and those of its participants.
type Directory struct {
	*dcr.Directory
	Keys KeySets
}

// Directories holds the configured directories by name.
type Directories map[string]*Directory

// Named returns the directories with these names, or all of them if names is empty.
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

// Of returns the directory of a software product, or nil if it is not configured.
func (d Directories) Of(software *dcr.Software) *Directory { return d[software.GetDirectory()] }
