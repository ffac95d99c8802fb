package docs_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/envoy"
)

const receives = "what-your-service-receives.md"

var removedTable = regexp.MustCompile("(?s)(<!-- removed headers: .*? -->\n\n).*?(\n\n)")

// The table of the headers that reach no service is generated from the one that Envoy's configuration is made of.
func TestRemovedHeaders(t *testing.T) {
	var table strings.Builder
	table.WriteString("| removed | because it is read as |\n|---|---|")
	for _, group := range envoy.RemovedHeaders() {
		fmt.Fprintf(&table, "\n| `%s` | %s |", strings.Join(group.Names, "`, `"), group.Why)
	}
	page := textOf(t, receives)
	if !removedTable.MatchString(page) {
		t.Fatal("the page has no place for the table")
	}
	parts := removedTable.FindStringSubmatchIndex(page)
	holdPage(t, receives, []byte(page[:parts[3]]+table.String()+page[parts[4]:]))
}

// The gateway accepts the page's listener for the keys.
func TestFactsKeysListener(t *testing.T) {
	whole, uk := wholeFiles(t, readPage(t, apiManager))
	examples := readPage(t, receives).examples
	if len(examples) != 1 || marked(examples[0]) != moreRoutes {
		t.Fatalf("the page has %d examples", len(examples))
	}
	if err := newFolder(t).check(t, add(t, whole, examples[0].text), uk); err != nil {
		t.Error(err)
	}
}
