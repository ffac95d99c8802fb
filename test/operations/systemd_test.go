package operations

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// systemd is the page that installs a host.
func systemd(t *testing.T, h *host) {
	var before *harness.Registered
	h.checks["the gateway serves"] = func() error {
		before = h.world.Register(t, harness.Order{})
		return serves(t, before)
	}
	h.checks["the gateway serves again"] = func() error { return serves(t, before) }
	h.checks["Envoy reads no secret"] = func() error {
		if os.Geteuid() != 0 {
			return nil // nobody else can be asked for
		}
		for unit, want := range map[string]string{"dcr-edge": "envoy.yaml routes.yaml", "dcr-gate": "directory.yaml redis/password routes.yaml tls/server.key"} {
			files, err := h.readable(unit, h.path("etc/dcr-gateway"))
			if err != nil {
				return err
			}
			if unit == "dcr-gate" { // and more
				files = slices.DeleteFunc(files, func(file string) bool { return !slices.Contains(strings.Fields(want), file) })
			}
			slices.Sort(files)
			if got := strings.Join(files, " "); got != want {
				return fmt.Errorf("%s reads %s, want %s", unit, got, want)
			}
		}
		return nil
	}
	h.run("systemd.md")
}

// serves reports whether a TPP's call succeeds, now or within a moment.
func serves(t *testing.T, r *harness.Registered) error {
	return eventually(func() error {
		answer, err := r.Try(t, http.MethodGet, r.API().URL, "", "", true)
		if err == nil && answer.Status != http.StatusOK {
			err = fmt.Errorf("call: %s", answer)
		}
		return err
	})
}

// patience is how long something may take that takes a moment.
const patience = 20 * time.Second

func eventually(done func() error) error {
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = done(); err == nil {
			return nil
		}
	}
	return err
}

// install has a host serve, as the page about systemd says.
func (h *host) install() {
	h.tb.Helper()
	for _, name := range []string{"the gateway serves", "Envoy reads no secret", "the gateway serves again"} {
		h.checks[name] = func() error { return nil }
	}
	h.run("systemd.md")
}

// The units are correct, expose little, and drain Envoy.
func TestUnits(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil && (testing.Short() || runtime.GOOS != "linux") {
		t.Skip("systemd-analyze is not installed")
	}
	files, err := filepath.Glob(filepath.Join(pagesFolder, "units", "*.service"))
	if err != nil || len(files) != 3 {
		t.Fatalf("%d units, %v", len(files), err)
	}
	dir := t.TempDir()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		// Its program is not installed here; everything else is verified.
		local := strings.ReplaceAll(string(text), "/usr/local/bin/dcr-gateway", "/bin/true")
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), []byte(local), 0o600); err != nil {
			t.Fatal(err)
		}
		u := readUnit(t, filepath.Base(file), string(text))
		if edge := strings.Contains(file, "edge"); edge != (u.value("KillMode") == "mixed") {
			t.Errorf("%s: KillMode=%s", file, u.value("KillMode"))
		}
	}
	copies, err := filepath.Glob(filepath.Join(dir, "*.service"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", append([]string{"verify", "--man=no"}, copies...)...).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// A unit that systemd would start differently than this test is a unit that the test misreads.
func TestReadUnit(t *testing.T) {
	dir := t.TempDir()
	variables := filepath.Join(dir, "environment")
	if err := os.WriteFile(variables, []byte("# a comment\nONE=\"--a b\"\nTWO=c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	u := readUnit(t, "one", "[Unit]\nAfter=a.service b.service\n[Service]\nEnvironmentFile="+variables+"\nExecStart=/bin/echo $ONE \\\n    $TWO d\n")
	environment, err := u.environment()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(u.argv(environment), "|"); got != "/bin/echo|--a|b|c|d" {
		t.Errorf("the command line is %s", got)
	}
	if !u.after(&unit{name: "b"}) || u.after(&unit{name: "c"}) {
		t.Error("the order is not that of After")
	}
	if _, err := process.Start(process.Command{Argv: u.argv(environment)}); err != nil {
		t.Error(err)
	}
}
