package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const guidesPage = "guides.md"

const guidesHead = `# Samples in guides

Guides to registration APIs show requests that a bank must not accept as they stand. These are the samples that this gateway was built to cover, each with what is wrong in it: sent with a mistake left in, a request is
refused by the rule in the table ([errors.md](errors.md)); where there is none, the mistake does no harm. Once its mistakes are fixed, it is accepted.
The page is written from the requests themselves, ` + "`test/scenario/testdata/documents.yaml`" + `, which are signed and sent anew with each run of the tests (` + "`go test ./docs -run Guides -update`" + `).

All samples share three more: their times are over; whatever their ` + "`Authorization`" + ` header says counts for nothing; and the answers that they print have ` + "`client_id_issued_at`" + ` as text, leave out the claims
of the software statement, or have a ` + "`client_secret`" + ` for a client that needs none. Their client assertions live for more than eight hours, where one may live for an hour.
`

// The page is what the requests of the guides are: go test ./docs -run Guides -update.
func TestGuides(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "test", "scenario", "testdata", "documents.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var documents []struct {
		Document, Profile, Method string
		Mistakes                  []struct{ Says, Rule string }
	}
	if err := yaml.Unmarshal(text, &documents); err != nil || len(documents) < 6 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	var page strings.Builder
	page.WriteString(guidesHead)
	for _, d := range documents {
		fmt.Fprintf(&page, "\n## %s\n\n`%s`, profile `%s`.\n\n| what is wrong | refused by |\n|---|---|\n", d.Document, d.Method, d.Profile)
		for _, m := range d.Mistakes {
			rule := "does no harm"
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
