package docs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
)

// The page on directory files has a row for each key, each shipped directory and each kind of certificates, and no other.
func TestDirectories(t *testing.T) {
	page := textOf(t, "directories.md")
	_, tables, _ := strings.Cut(page, "\n## Shipped")
	shipped, tables, _ := strings.Cut(tables, "\n## The file")
	file, tables, _ := strings.Cut(tables, "\n## `claims`")
	claims, tables, _ := strings.Cut(tables, "\n## `certificates[]`")
	certificates, kinds, _ := strings.Cut(tables, "| kind |")
	for _, part := range []struct {
		name, text string
		want       []string
	}{
		{"shipped directories", shipped, directory.Names()},
		{"the file", file, append(keysOf(dcr.Directory{}), "extends")},
		{"claims", claims, keysOf(dcr.StatementClaims{})},
		{"certificates", certificates, keysOf(dcr.CertificateKind{})},
		{"kinds", kinds, dcr.CertificateProfiles()},
	} {
		holdRows(t, part.name, part.text, part.want)
	}
}

// The example on it is a directory.
func TestDirectoryExample(t *testing.T) {
	page := textOf(t, "directories.md")
	_, example, _ := strings.Cut(page, "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	f := newFolder(t)
	f.write(t, "directory.yaml", []byte(example))
	if loaded, err := directory.Load(filepath.Join(string(f), "directory.yaml")); err != nil || loaded.Listed != dcr.ListedWhenKnown {
		t.Errorf("%+v, %v", loaded, err)
	}
}
