package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	tpptool "github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
)

// Whatever a TPP's developer breaks on purpose is refused by the rules that the list promises, and by no others; the
// world is as before.
func TestBreakOnPurpose(t *testing.T) {
	t.Parallel()
	t.Run("faults", func(t *testing.T) {
		for _, profile := range []string{"obie-3.3", "generic-0.1", "is-json", "cdr-au"} { // those of OBIE are alike in this
			for _, fault := range tpptool.FaultsOf(profile) {
				if fault.Not == "" {
					t.Run(profile+" "+fault.Name, func(t *testing.T) { t.Parallel(); brokenAs(t, profile, fault) })
				}
			}
		}
	})
	newTPP(t).register(t, nil)
	home := t.TempDir()
	for _, args := range [][]string{{"register", "--world", gateway.Dir}, {"token"}, {"delete"}} {
		if _, stderr, code := runTool(t, home, args...); code != 0 {
			t.Errorf("the sandbox's own TPP cannot %s any more: exit code %d: %s", args[0], code, stderr)
		}
	}
}

func brokenAs(t *testing.T, profile string, fault tpptool.Fault) {
	var stdout, stderr bytes.Buffer
	args := []string{"register", "--world", gateway.Dir, "--profile", profile, "--break", fault.Name}
	if code := tpptool.Command().Main(t.Context(), args, &stdout, &stderr); code != 1 {
		t.Fatalf("exit code %d, want 1: %s", code, &stderr)
	}
	if said := stderr.String(); !strings.Contains(said, "broken: "+fault.What+"\n") || !strings.Contains(said, "\nrefused: ") {
		t.Errorf("the tool says %q", said)
	}
	wantRules(t, stdout.Bytes(), stderr.String(), fault.Rules)
}

// wantRules compares the rules of a refusal, one for each finding, and checks that the tool shows every finding.
func wantRules(t *testing.T, answer []byte, shown string, want []string) {
	t.Helper()
	var refusal dcrclient.Refusal
	if err := json.Unmarshal(answer, &refusal); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	var rules []string
	for _, d := range refusal.Details {
		rules = append(rules, d.Rule)
		if !strings.Contains(shown, "rule "+d.Rule) || !strings.Contains(shown, d.Pointer) || !strings.Contains(shown, d.Clause) ||
			!strings.Contains(shown, d.Description) {
			t.Errorf("%s is not shown in %q", d.Rule, shown)
		}
	}
	slices.Sort(rules)
	if want := slices.Sorted(slices.Values(want)); !slices.Equal(rules, want) {
		t.Errorf("refused by %v, want %v", rules, want)
	}
}

// runTool runs `dcr-gateway tpp` in a folder.
func runTool(t *testing.T, dir string, args ...string) (stdout []byte, stderr string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program, append([]string{"tpp"}, args...)...)
	command.Dir = dir
	var complaints bytes.Buffer
	command.Stderr = &complaints
	stdout, err := command.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return stdout, complaints.String(), command.ProcessState.ExitCode()
}
