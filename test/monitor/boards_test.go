package monitor

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
)

var update = flag.Bool("update", false, "write the files that are generated")

func boards(t *testing.T) []*Board {
	t.Helper()
	all, err := readBoards()
	if err != nil || len(all) < 4 {
		t.Fatalf("%d dashboards, %v", len(all), err)
	}
	return all
}

// hold wants a file to be as it is generated, or writes it.
func hold(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, want) {
		t.Errorf("%s is not what its source says (%v): go test ./test/monitor -update", path, err)
	}
}

// The chart has the dashboards that boards/ describes, and no others.
func TestDashboards(t *testing.T) {
	var names []string
	for _, board := range boards(t) {
		text, err := board.encode()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, board.Name+".json")
		hold(t, filepath.Join(dashboardsDir, board.Name+".json"), text)
	}
	entries, err := os.ReadDir(dashboardsDir)
	if err != nil || len(entries) != len(names) {
		t.Errorf("the chart has %v (%v), want %q", entries, err, names)
	}
}

// The page lists all panels, with the questions that they answer.
func TestPage(t *testing.T) {
	var page bytes.Buffer
	if err := template.Must(template.ParseFiles("testdata/dashboards.md.tmpl")).Execute(&page, boards(t)); err != nil {
		t.Fatal(err)
	}
	hold(t, "../../docs/dashboards.md", page.Bytes())
}

// Every panel asks a question, has something to show, and leads to pages that are there.
func TestPanelsAreComplete(t *testing.T) {
	pages := runbooks(t)
	for _, board := range boards(t) {
		titles := map[string]bool{}
		for _, row := range board.Rows {
			for _, panel := range row.Panels {
				where := board.Name + ": " + row.Title + ": " + panel.Title
				if titles[row.Title+panel.Title] {
					t.Errorf("%s: there are two", where)
				}
				titles[row.Title+panel.Title] = true
				if !strings.Contains(panel.Asks, "?") || len(panel.Queries) == 0 {
					t.Errorf("%s: asks %q with %d queries", where, panel.Asks, len(panel.Queries))
				}
				if len(panel.Queries) > 1 {
					for _, query := range panel.Queries {
						if query.Legend == "" {
							t.Errorf("%s: one of several queries has no legend: %s", where, query.Expr)
						}
					}
				}
				for _, runbook := range panel.Runbooks {
					if pages[runbook] == "" {
						t.Errorf("%s: there is no runbook %s", where, runbook)
					}
				}
			}
		}
	}
}
