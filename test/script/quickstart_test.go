package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/pages"
)

// TestQuickStart runs the two programs of the page as they stand there: all blocks of a language, one after the other.
func TestQuickStart(t *testing.T) {
	const page = "../../docs/quickstart.md"
	for _, c := range []struct {
		language string
		needs    [][]string // what must run for the test to be possible here
		command  []string   // before the file
		want     []string   // in its output
	}{
		{"sh", [][]string{{"jq", "--version"}, {"curl", "--version"}, {"openssl", "version"}}, []string{"sh", "-eu"}, []string{`"Data"`, `"client_id"`}},
		{"python", [][]string{{"python3", "-c", "import requests, cryptography"}}, []string{"python3"},
			[]string{"201 registered as ", "200 called the API", "200 read the registration", "204 deleted it"}},
	} {
		t.Run(c.language, func(t *testing.T) {
			for _, need := range c.needs {
				if err := exec.CommandContext(t.Context(), need[0], need[1:]...).Run(); err != nil {
					t.Skipf("%q does not run here: %v", need, err)
				}
			}
			dir := t.TempDir()
			if err := os.Symlink(gateway.Dir, filepath.Join(dir, "world")); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "quickstart")
			if err := os.WriteFile(file, []byte(pages.Code(t, page, c.language)), 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), c.command[0], append(c.command[1:], file)...)
			command.Dir = dir
			out, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			for _, want := range c.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("%q is not in %s", want, out)
				}
			}
		})
	}
}
