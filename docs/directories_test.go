package docs_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
)

// The page on directory files has a row for each key, each shipped directory and each type of certificates, and no other.
func TestDirectories(t *testing.T) {
	page := textOf(t, "directories.md")
	_, tables, _ := strings.Cut(page, "\n## Shipped")
	shipped, tables, _ := strings.Cut(tables, "\n## The file")
	file, tables, _ := strings.Cut(tables, "\n## `claims`")
	claims, tables, _ := strings.Cut(tables, "\n## `certificates[]`")
	certificates, tables, _ := strings.Cut(tables, "\n## `certificate_types`")
	types, kinds, _ := strings.Cut(tables, "| type |")
	for _, part := range []struct {
		name, text string
		want       []string
	}{
		{"shipped directories", shipped, directory.Names()},
		{"the file", file, append(keysOf(dcr.Directory{}), "extends")},
		{"claims", claims, keysOf(dcr.StatementClaims{})},
		{"certificates", certificates, keysOf(dcr.CertificateSource{})},
		{"certificate_types", types, keysOf(dcr.CertificateType{})},
		{"types", kinds, slices.Sorted(maps.Keys(directory.Types()))},
	} {
		holdRows(t, part.name, part.text, part.want)
	}
}

// Its examples are valid directory files.
func TestDirectoryExamples(t *testing.T) {
	f := newFolder(t)
	for i, rest := range strings.Split(textOf(t, "directories.md"), "```yaml\n") {
		example, _, _ := strings.Cut(rest, "```")
		if i == 0 {
			continue
		}
		f.write(t, "directory.yaml", []byte(strings.ReplaceAll(example, "market-ca.pem", "ob-issuing-ca.pem")))
		if loaded, err := directory.Load(filepath.Join(string(f), "directory.yaml")); err != nil || loaded.Listed != dcr.ListedWhenKnown {
			t.Errorf("%+v, %v", loaded, err)
		}
	}
}
