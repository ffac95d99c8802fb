package trust

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// maxStatementBytes is the largest software statement. OBIE's are about 4 KB.
const maxStatementBytes = 64 << 10

// A Statement is a verified software statement with the directory's key that signed it, under each kid of that key.
type Statement struct {
	*dcr.Statement
	Keys []jose.Key
}

// Statement verifies a software statement with the keys of the directory that has its issuer and environment, reads it,
// and checks that it is acceptable now. Its error is a *dcr.Error; only a client that registers sends a statement, and
// may see it.
func (d Directories) Statement(ctx context.Context, raw string, now time.Time) (*Directory, *Statement, error) {
	unverified, err := ParseStatement(raw)
	if err != nil {
		return nil, nil, err
	}
	// The unverified issuer only selects the directory that verifies. From here on only the directory's key counts.
	chosen, err := directory.Choose(func(yield func(*dcr.Directory) bool) {
		for one := range maps.Values(d) {
			if !yield(one.Directory) {
				return
			}
		}
	}, unverified.Claims)
	if err != nil {
		return nil, nil, err
	}
	source := d[chosen.Name]
	statement, err := source.ReadStatement(ctx, unverified)
	if err != nil {
		return nil, nil, err
	}
	return source, statement, rule.CheckStatement(source.Directory, statement.Statement, now)
}

// statementForm maps a rule of package jose to the refusal of a malformed software statement.
var statementForm = map[string]string{
	"jws.size":         "statement.jws.size",
	"jws.compact":      "statement.jws.compact",
	"jws.base64":       "statement.jws.base64",
	"jws.header":       "statement.jws.header",
	"jws.crit":         "statement.jws.crit",
	"jws.embedded_key": "statement.jws.embedded_key",
	"jws.alg":          "statement.jws.alg",
	"jws.typ":          "statement.jws.typ",
	"jws.kid":          "statement.jws.kid",
	"jws.payload":      "statement.jws.payload",
}

// ParseStatement checks the form of a software statement. Its content is not verified. Its error is a *dcr.Error.
func ParseStatement(raw string) (*jose.Unverified, error) {
	unverified, err := jose.Parse(raw, jose.Policy{Algorithms: jose.FAPI, Types: []string{"JWT"}, KeyID: true, MaxBytes: maxStatementBytes})
	if form, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.RefuseStatement(statementForm[form.Rule], form.Args...).CausedBy(err)
	}
	return unverified, err
}

// ReadStatement verifies and reads a statement of this directory. Its error is a *dcr.Error.
func (d *Directory) ReadStatement(ctx context.Context, unverified *jose.Unverified) (*Statement, error) {
	// "The SSA is signed by the Register using the PS256 algorithm" (Consumer Data Standards); each directory's file
	// names its algorithms.
	if !slices.Contains(d.Algorithms, unverified.Algorithm) {
		return nil, dcr.RefuseStatement("statement.algorithm", strings.Join(d.Algorithms, ", "))
	}
	verified, _, err := d.verify(ctx, d.JWKS, unverified)
	switch {
	case errors.Is(err, jose.ErrSignature):
		return nil, dcr.RefuseStatement("statement.signature").CausedBy(err)
	case err != nil:
		return nil, dcr.Refuse("directory.unavailable").CausedBy(err)
	}
	statement, err := directory.ReadStatement(d.Directory, verified.Claims, verified.Raw)
	if err != nil {
		return nil, err
	}
	return &Statement{Statement: statement, Keys: verified.Keys}, nil
}

// StatementKeys fetches the keys of the directory unless they are known. Its error says why no statement of this directory
// can be verified now.
func (d *Directory) StatementKeys(ctx context.Context) (jose.KeySet, error) {
	set, err := d.Keys.Keys(ctx, d.JWKS, "")
	if err != nil {
		return set, err
	}
	if !slices.ContainsFunc(set.Algorithms(), func(has string) bool { return slices.Contains(d.Algorithms, has) }) {
		err = fmt.Errorf("the key set has %d keys, and none for %s", set.Members, strings.Join(d.Algorithms, " or "))
	}
	return set, err
}
