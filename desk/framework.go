package desk

import (
	"os"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// findDirectory returns the directory that a call names, or else the shipped one that a statement is of: that has its
// issuer, and where several have, the statement's environment. nil where there is none.
func (c *call) findDirectory(claims strictjson.Object) (*directory.Directory, error) {
	if c.directory == "" {
		return shippedFor(claims)
	}
	if slices.Contains(directory.Names(), c.directory) {
		definition, err := directory.Shipped(c.directory)
		return &directory.Directory{Directory: definition}, err
	}
	if _, err := os.Stat(c.directory); err != nil {
		return nil, unusable("--directory %s is no file, and not one of those that are shipped: %s", c.directory, strings.Join(directory.Names(), ", "))
	}
	loaded, err := directory.Load(c.directory)
	if err != nil {
		return nil, unusable("%w", err)
	}
	return loaded, nil
}

func shippedFor(claims strictjson.Object) (*directory.Directory, error) {
	issuer, err := claims.String("iss")
	if err != nil {
		return nil, nil
	}
	var chosen *dcr.Directory
	for _, name := range directory.Names() {
		definition, err := directory.Shipped(name)
		if err != nil {
			return nil, err
		}
		if definition.Issuer != issuer {
			continue
		}
		environment, _ := claims.String(definition.Claims.Environment) // absent, it is that of no directory
		if definition.Environment != "" && strings.EqualFold(environment, definition.Environment) {
			return &directory.Directory{Directory: definition}, nil
		}
		if chosen == nil || definition.Environment == "" {
			chosen = definition
		}
	}
	if chosen == nil {
		return nil, nil
	}
	return &directory.Directory{Directory: chosen}, nil
}

// errUnknownIssuer is what a gate with the shipped directories says.
func errUnknownIssuer() error {
	return dcr.Refuse(dcr.UnapprovedSoftwareStatement, "statement.issuer",
		"iss of the software statement is that of no directory that is shipped ("+strings.Join(directory.Names(), ", ")+"): name its directory with --directory").
		At("/software_statement")
}

// readKeys reads a key set's file.
func readKeys(path string) (jose.KeySet, error) {
	text, err := read(path)
	if err != nil {
		return jose.KeySet{}, err
	}
	set, err := jose.ParseKeySet(text)
	if err != nil {
		return jose.KeySet{}, unusable("%s: %w", path, err)
	}
	return set, nil
}
