package monitor

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sections are what each runbook has, in this order.
var sections = []string{"What it means", "What users notice", "How to look", "How to fix it", "How it ends"}

// runbooks returns the pages by name, without the page that introduces them.
func runbooks(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(runbooksDir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(path); name != "README.md" {
			pages[strings.TrimSuffix(name, ".md")] = string(text)
		}
	}
	return pages
}

// Every alert has a page, and every page an alert. Alerts of one page begin with its name.
func TestEveryAlertHasARunbook(t *testing.T) {
	pages, used := runbooks(t), map[string]bool{}
	for _, a := range alerts(t) {
		name, ours := strings.CutPrefix(a.Annotations["runbook_url"], runbookURL)
		name, page := strings.CutSuffix(name, ".md")
		switch text, there := pages[name]; {
		case !ours || !page || !strings.HasPrefix(a.Alert, name):
			t.Errorf("%s: runbook_url is %s, want a page of its name in %s", a.Alert, a.Annotations["runbook_url"], runbookURL)
		case !there:
			t.Errorf("%s has no page docs/runbooks/%s.md", a.Alert, name)
		case !strings.Contains(text, a.Alert):
			t.Errorf("%s: the page %s does not name it", a.Alert, name)
		}
		used[name] = true
	}
	for name := range pages {
		if !used[name] {
			t.Errorf("docs/runbooks/%s.md is of no alert", name)
		}
	}
}

var (
	heading = regexp.MustCompile(`(?m)^## (.+)$`)
	block   = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	linked  = regexp.MustCompile(`\]\(([^)#]+)\)`)
	command = regexp.MustCompile(`(?m)^dcr-gateway (.+)$`)
)

func TestRunbooksAreComplete(t *testing.T) {
	for name, text := range runbooks(t) {
		var found []string
		for _, match := range heading.FindAllStringSubmatch(text, -1) {
			found = append(found, match[1])
		}
		if !slices.Equal(found, sections) || !strings.HasPrefix(text, "# "+name+"\n") {
			t.Errorf("%s has the sections %q, want %q below its name", name, found, sections)
		}
		if !block.MatchString(text) {
			t.Errorf("%s has no command and no query", name)
		}
		for _, match := range linked.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(runbooksDir, match[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Prometheus takes the configuration that the first page shows.
func TestConfigurationOfRunbooks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(runbooksDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range block.FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(match[2], "rule_files:") {
			path := filepath.Join(t.TempDir(), "prometheus.yml")
			if err := os.WriteFile(path, []byte(match[2]), 0o600); err != nil {
				t.Fatal(err)
			}
			promtool(t, "check", "config", "--syntax-only", path)
			return
		}
	}
	t.Error("the page shows no configuration of Prometheus")
}

// The program knows every command and every flag that the runbooks name.
func TestCommandsOfRunbooks(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "dcr-gateway")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../..")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	seen := map[string]bool{}
	for name, text := range runbooks(t) {
		for _, match := range command.FindAllStringSubmatch(text, -1) {
			if line := match[1]; !seen[line] {
				seen[line] = true
				if problem := unknown(t.Context(), program, strings.Fields(line)); problem != "" {
					t.Errorf("%s: dcr-gateway %s: %s", name, line, problem)
				}
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %d commands found", len(seen))
	}
}

// unknown says what the program does not know of a command line, by its own help.
func unknown(ctx context.Context, program string, line []string) string {
	end := slices.IndexFunc(line, func(word string) bool { return strings.HasPrefix(word, "-") || word == strings.ToUpper(word) })
	if end < 0 {
		end = len(line)
	}
	words := line[:min(end, 2)]
	help, err := exec.CommandContext(ctx, program, append(slices.Clone(words), "--help")...).CombinedOutput()
	if err != nil || !bytes.HasPrefix(help, []byte("usage: dcr-gateway "+strings.Join(words, " "))) {
		return string(help)
	}
	for _, word := range line {
		if strings.HasPrefix(word, "--") && !bytes.Contains(help, []byte("\n  "+word)) {
			return "has no flag " + word
		}
	}
	return ""
}
