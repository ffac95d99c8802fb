package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	named    = regexp.MustCompile(`<a id="([^"]+)">`)
	codeText = regexp.MustCompile("(?ms)^```.*?^```")
)

// Every link of a page to a file of this repository, or to a place in it, leads there.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) < 8 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	operations, err := filepath.Glob("operations/*.md")
	if err != nil || len(operations) < 10 {
		t.Fatalf("%d pages for operators, %v", len(operations), err)
	}
	runbooks, err := filepath.Glob("runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range slices.Concat(pages, operations, runbooks, []string{"../README.md", "../DECISIONS.md"}) {
		for _, match := range link.FindAllStringSubmatch(textOf(t, page), -1) {
			file, place, _ := strings.Cut(match[1], "#")
			target := filepath.Join(filepath.Dir(page), file)
			if file == "" {
				target = page
			}
			switch _, err := os.Stat(target); {
			case strings.HasPrefix(match[1], "https://"):
			case err != nil:
				t.Errorf("%s: %s: there is no such file", page, match[1])
			case place != "" && !places(textOf(t, target))[place]:
				t.Errorf("%s: %s: there is no such place", page, match[1])
			}
		}
	}
}

// places are what a link into a page may name: its headings and its anchors.
func places(text string) map[string]bool {
	all := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(codeText.ReplaceAllString(text, ""), -1) {
		all[anchor(match[1])] = true
	}
	for _, match := range named.FindAllStringSubmatch(text, -1) {
		all[match[1]] = true
	}
	return all
}

// Every page for operators is reached from the page where they start.
func TestPlatformTeamListsAllOperations(t *testing.T) {
	pages, err := filepath.Glob("operations/*.md")
	if err != nil {
		t.Fatal(err)
	}
	start := textOf(t, "platform-team.md")
	for _, page := range pages {
		if !strings.Contains(start, "]("+page+")") {
			t.Errorf("platform-team.md does not link to %s", page)
		}
	}
}

// The README's list of pages has all of them, one row each: "| page | what it has |".
func TestREADMEListsAllPages(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(textOf(t, "../README.md"), "\n## All pages\n")
	for _, page := range pages {
		if row := regexp.MustCompile(`(?m)^\| \[docs/` + page + `\]\(docs/` + page + `\) \| [^|]+ \|$`); len(row.FindAllString(list, -1)) != 1 {
			t.Errorf("docs/%s has no row of its own under All pages", page)
		}
	}
	for _, row := range regexp.MustCompile(`(?m)^\| .*$`).FindAllString(textOf(t, "../README.md"), -1) {
		if !strings.HasSuffix(row, " |") {
			t.Errorf("a row of a table goes on in the next line: %s", row)
		}
	}
}
