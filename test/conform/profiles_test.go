package conform

import (
	"strconv"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/cli/conform"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// A software has one registration at a time, whatever the profile: what runs side by side has a TPP of its own.
const (
	brokenTPP = 1
	firstTPP  = 2
	lastTPP   = 3
)

// Our gateway holds to every clause of every profile.
func TestProfiles(t *testing.T) {
	s := readSandbox(t)
	for tpp := firstTPP; tpp <= lastTPP; tpp++ {
		t.Run("TPP "+strconv.Itoa(tpp), func(t *testing.T) {
			t.Parallel()
			for i, name := range profile.Names() {
				if i%2 == tpp-firstTPP {
					t.Run(name, func(t *testing.T) { holds(t, s, name, tpp) })
				}
			}
		})
	}
}

// holds runs all cases of a profile.
func holds(t *testing.T, s sandbox, name string, tpp int) {
	if s.Worlds[name] != nil {
		tpp = 1 // of the other directory
	}
	code, report := judge(t, "--profile", name, "--tpp", strconv.Itoa(tpp))
	for _, result := range report.Results {
		if result.Outcome == conform.Fails {
			t.Errorf("%s %s: %q", result.ID, result.Title, result.Because)
		}
	}
	if want := least(name); code != 0 || report.Held < want || report.Stopped != "" {
		t.Errorf("code %d, %d hold, want 0 and %d at least: %s", code, report.Held, want, report.Stopped)
	}
}

// least is how many cases must hold: so many that no profile is passed by skipping.
func least(name string) int {
	switch name {
	case "is-json": // has no signatures
		return 130
	case "cdr-au", "generic-0.1":
		return 150
	}
	return 160
}

// A client that authenticates with its certificate is judged by every case that needs no assertion.
func TestWithCertificate(t *testing.T) {
	code, report := judge(t, "--auth-method", "tls_client_auth", "--only", "REG-01,REG-03,REG-15,MGT-01,MGT-02,TOK-01,TOK-03,TOK-06,TOK-07,BEA-03,BEA-09")
	if code != 0 || report.Held != 11 {
		t.Errorf("code %d: %s", code, report.Text())
	}
}
