package docs_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const guidesPage = "guides.md"

const guidesHead = `# Samples in guides

Guides to registration APIs contain sample requests that a bank must not accept as they are. This page lists the samples
that this gateway covers, with their mistakes. A request with a mistake is refused by the rule in the table
([errors.md](errors.md)); a request with any other mistake is accepted. With its mistakes fixed, each request is accepted.
` + "`go test ./docs -run Guides -update`" + ` generates this page from the requests in
` + "`test/scenario/testdata/documents.yaml`" + `, which every test run signs and sends.

All samples share some more mistakes. Their times have passed. Their ` + "`Authorization`" + ` header has no effect. Their client
assertions live for more than eight hours, where one hour is the maximum. The responses that they show have
` + "`client_id_issued_at`" + ` as text, omit the claims of the software statement, or have a ` + "`client_secret`" + ` for a client
that needs none.
`

// The page is generated from the requests of the guides: go test ./docs -run Guides -update.
func TestGuides(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "test", "scenario", "testdata", "documents.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var documents []struct {
		Document, Profile, Method string
		Mistakes                  []struct{ Says, Rule, Means string }
	}
	if err := yaml.Unmarshal(text, &documents); err != nil || len(documents) < 6 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	var page strings.Builder
	page.WriteString(guidesHead)
	for _, d := range documents {
		fmt.Fprintf(&page, "\n## %s\n\n`%s`, profile `%s`.\n\n| mistake | refused by |\n|---|---|\n", d.Document, d.Method, d.Profile)
		for _, m := range d.Mistakes {
			rule := cmp.Or(m.Means, "harmless")
			if m.Rule != "" {
				rule = fmt.Sprintf("[`%s`](errors.md#%s)", m.Rule, m.Rule)
			}
			fmt.Fprintf(&page, "| %s | %s |\n", m.Says, rule)
		}
	}
	if *update {
		if err := os.WriteFile(guidesPage, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(guidesPage); err != nil || string(have) != page.String() {
		t.Errorf("%s is not up to date: go test ./docs -run Guides -update", guidesPage)
	}
}
