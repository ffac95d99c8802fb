package desk

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// findDirectory returns the directory that a call names, otherwise the shipped one that issued the statement. If there is
// none it returns the refusal of a gate with the shipped directories: a *dcr.Error.
func (c *call) findDirectory(claims strictjson.Object) (*directory.Directory, error) {
	if c.directory == "" {
		return shippedFor(claims)
	}
	return shippedOrFile("--directory", c.directory, directory.Names(), func(name string) (*directory.Directory, error) {
		definition, err := directory.Shipped(name)
		return &directory.Directory{Directory: definition}, err
	}, directory.Load)
}

// shippedOrFile reads what a flag names: a shipped file by its name, or a file.
func shippedOrFile[T any](flag, value string, names []string, shipped, load func(string) (*T, error)) (*T, error) {
	if slices.Contains(names, value) {
		return shipped(value)
	}
	if _, err := os.Stat(value); err != nil {
		return nil, unusable("%s %s is neither a file nor one of the shipped ones: %s", flag, value, strings.Join(names, ", "))
	}
	loaded, err := load(value)
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
		refusal.Because = "the issuer of the software statement is not a shipped directory (" + strings.Join(directory.Names(), ", ") +
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

// fileKeys serves key sets from files under the URLs that a gate would fetch them from. It fetches nothing, and refuses the
// URLs that a gate would refuse.
type fileKeys struct {
	allows func(url string) error // nil if a gate would ask there
	sets   map[string]jose.KeySet // by URL
}

func newFileKeys(of *directory.Directory) *fileKeys {
	return &fileKeys{allows: of.Client().Allows, sets: map[string]jose.KeySet{}}
}

// Keys implements trust.KeySets.
func (f *fileKeys) Keys(_ context.Context, url, _ string) (jose.KeySet, error) {
	return f.sets[url], f.allows(url)
}

// KeysAgain implements trust.KeySets.
func (f *fileKeys) KeysAgain(ctx context.Context, url string) (jose.KeySet, error) {
	return f.Keys(ctx, url, "")
}

// Listing implements trust.KeySets.
func (f *fileKeys) Listing(ctx context.Context, url, _ string, _ trust.Freshness) (jose.KeySet, error) {
	return f.Keys(ctx, url, "")
}

// Revoked implements trust.KeySets: revoked keys are not known here.
func (f *fileKeys) Revoked(_ context.Context, url string, _ trust.Freshness) (jose.KeySet, error) {
	return jose.KeySet{}, f.allows(url)
}

// publish puts a software product's key set at the URL that its statement names.
func (f *fileKeys) publish(d *directory.Directory, statement *token, set jose.KeySet) {
	if d == nil || statement == nil {
		return
	}
	if url, err := statement.Claims.String(d.Claims.JWKS); err == nil && url != d.JWKS {
		f.sets[url] = set
	}
}

// list makes a certificate a tls key of the software product, as far as its key set is known here.
func (f *fileKeys) list(d *directory.Directory, statement *token, thumbprint string) {
	f.change(d, statement, func(set *jose.KeySet) {
		if set.TLS == nil {
			set.TLS = map[string]bool{}
		}
		set.TLS[thumbprint] = true
	})
}

// change changes the key set of the software product.
func (f *fileKeys) change(d *directory.Directory, statement *token, change func(*jose.KeySet)) {
	if url, err := statement.Claims.String(d.Claims.JWKS); err == nil {
		set := f.sets[url]
		change(&set)
		f.sets[url] = set
	}
}

func (f *fileKeys) lists(d *directory.Directory, statement *token, thumbprint string) bool {
	url, err := statement.Claims.String(d.Claims.JWKS)
	return err == nil && f.sets[url].TLS[thumbprint]
}
