package lint

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// TestPage: docs/lint.md has a row for each rule, as the rule stands, with what breaks it and how to fix that; and none
// for a rule that there is no more.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		id := strings.Trim(cells[0], " `")
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		if len(cells) != 5 || slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) == "" }) {
			t.Errorf("the row of %s does not have all its cells", id)
			continue
		}
		if rows[id] != nil {
			t.Errorf("%s has two rows", id)
		}
		rows[id] = cells
	}
	for _, read := range []string{"directory.invalid", "profile.invalid"} { // are found where those are read, by package control
		if row := rows[read]; row == nil || row[1] != string(yamlfile.Error) {
			t.Errorf("%s has no row, or another severity", read)
		}
		delete(rows, read)
	}
	all := slices.Concat(routes.Rules(), Rules())
	for _, rule := range all {
		row := rows[rule.ID]
		if row == nil {
			t.Errorf("%s has no row", rule.ID)
			continue
		}
		if row[1] != string(rule.Severity) || row[2] != rule.Doc {
			t.Errorf("the row of %s is | %s | %s |, and should be | %s | %s |", rule.ID, row[1], row[2], rule.Severity, rule.Doc)
		}
		delete(rows, rule.ID)
	}
	for id := range rows {
		t.Errorf("%s has a row, and there is no such rule", id)
	}
}
