package desk

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// findDirectory returns the directory that a call names, or else the shipped one that a statement is of. Where there is
// none it says what a gate with the shipped directories would: a *dcr.Error.
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
	var shipped []*dcr.Directory
	for _, name := range directory.Names() {
		definition, err := directory.Shipped(name)
		if err != nil {
			return nil, err
		}
		shipped = append(shipped, definition)
	}
	chosen, err := directory.Choose(slices.Values(shipped), claims)
	if refusal, ok := errors.AsType[*dcr.Error](err); ok && refusal.Rule == "statement.issuer" {
		refusal.Because = "the issuer of the software statement is not a directory that is shipped (" + strings.Join(directory.Names(), ", ") +
			"): name its directory with --directory"
		return nil, refusal
	}
	if err != nil {
		return nil, err
	}
	return &directory.Directory{Directory: chosen}, nil
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
