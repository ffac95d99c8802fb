package directory

import (
	"iter"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Choose returns the directory that must verify a software statement. Usually it is the only one with the statement's
// issuer, compared exactly. If several directories share the issuer, as production and sandbox of one framework do, it
// is the one with the statement's environment, or else the one without an environment. The claims may be unverified:
// they only select the verifier. Its error is a *dcr.Error.
func Choose(directories iter.Seq[*dcr.Directory], claims strictjson.Object) (*dcr.Directory, error) {
	issuer, err := claims.String("iss")
	if err != nil {
		return nil, dcr.RefuseStatement("statement.iss").CausedBy(err)
	}
	var of []*dcr.Directory
	var issuers []string
	for d := range directories {
		issuers = append(issuers, d.Issuer)
		if d.Issuer == issuer {
			of = append(of, d)
		}
	}
	switch len(of) {
	case 0:
		slices.Sort(issuers)
		return nil, dcr.RefuseStatement("statement.issuer", dcr.Values(issuers))
	case 1:
		return of[0], nil
	}
	return chooseEnvironment(of, claims)
}

// chooseEnvironment chooses among directories with the same issuer. Each may have its own name for the environment
// claim. A claim that is neither a string nor an array of strings, or a statement that matches two environments, selects
// no directory.
func chooseEnvironment(of []*dcr.Directory, claims strictjson.Object) (*dcr.Directory, error) {
	var named, other []*dcr.Directory
	for _, d := range of {
		environments, err := environmentsOf(d, claims)
		if err != nil {
			return nil, noEnvironment(of).CausedBy(err)
		}
		is := func(environment string) bool { return strings.EqualFold(environment, d.Environment) }
		switch {
		case d.Environment == "":
			other = append(other, d)
		case slices.ContainsFunc(environments, is):
			named = append(named, d)
		}
	}
	switch {
	case len(named) == 1:
		return named[0], nil
	case len(named) == 0 && len(other) == 1:
		return other[0], nil
	}
	return nil, noEnvironment(of)
}

// environmentsOf returns the environments that a statement names: one, or an array of them.
func environmentsOf(d *dcr.Directory, claims strictjson.Object) ([]string, error) {
	name := d.Claims.Environment
	if name == "" || !claims.Has(name) {
		return nil, nil
	}
	if one, err := claims.String(name); err == nil {
		return []string{one}, nil
	}
	return claims.Strings(name)
}

func noEnvironment(of []*dcr.Directory) *dcr.Error {
	var environments []string
	for _, d := range of {
		if d.Environment != "" {
			environments = append(environments, d.Environment)
		}
	}
	slices.Sort(environments)
	return dcr.RefuseStatement("statement.environment", strings.Join(environments, ", "))
}
