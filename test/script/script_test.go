// Package script runs the program's commands as people type them: testdata/*.txtar, each a story with a sandbox. What a
// script can use is in the package testscript of github.com/rogpeppe/go-internal; "! exec" wants the command to fail, stdout
// and stderr are patterns of what it must print.
//
// All scripts share one sandbox, at world in the folder of each. In the scripts $BANK is the bank's listener with mTLS, which
// the README calls https://127.0.0.1:8443; $DISCOVERY, $BANK_ID and $KID are the names of the bank and of the second
// TPP's signing key. A software product has one registration at a time: readme.txtar has that of the first TPP,
// any-bank.txtar that of the second, developer.txtar that of the third.
package script

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var (
	program string
	gateway *harness.World
)

func TestMain(m *testing.M) {
	os.Exit(harness.MainLean(m, func(p string, w *harness.World) { program, gateway = p, w }))
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("BANK", gateway.MTLS())
			env.Setenv("DISCOVERY", gateway.File.Discovery)
			env.Setenv("REDIS", gateway.File.Redis)
			env.Setenv("BANK_ID", gateway.File.Audience)
			env.Setenv("KID", gateway.File.TPPs[1].SigningKeyID)
			return os.Symlink(gateway.Dir, filepath.Join(env.WorkDir, "world"))
		},
	})
}

var (
	fenced  = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```")
	command = regexp.MustCompile(`(?m)^(?:\$ )?(dcr-gateway (?:tpp|lint|routes|ssa|dn|conform) .*?)(?: +[#>].*)?$`)
)

// TestPagesAreRun: a script runs each command that the README and the pages behind its doors show.
func TestPagesAreRun(t *testing.T) {
	var pages strings.Builder
	for _, page := range []string{"README.md", "docs/tpp-developer.md", "docs/gateway-admin.md"} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		pages.Write(text)
	}
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	seen := 0
	for _, block := range fenced.FindAllStringSubmatch(pages.String(), -1) {
		for _, line := range command.FindAllStringSubmatch(block[1], -1) {
			seen++
			if want := strings.ReplaceAll(line[1], "https://127.0.0.1:8443", "$BANK"); !strings.Contains(scripts.String(), "exec "+want+"\n") {
				t.Errorf("no script runs: %s", want)
			}
		}
	}
	if seen < 6 {
		t.Errorf("only %d commands found in the pages", seen)
	}
}
