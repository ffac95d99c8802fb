package conform

import (
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/conform"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// least is how many cases must hold, by what a profile's name begins with: so many that no profile is passed by skipping.
var least = []struct {
	profile string
	held    int
}{{"obie-", 160}, {"generic-", 150}, {"is-json", 130}, {"cdr-", 130}}

// Our gateway holds to every clause of every profile.
func TestProfiles(t *testing.T) {
	endpoints := served(t)
	for _, name := range profile.Names() {
		t.Run(name, func(t *testing.T) {
			arguments := []string{"--profile", name}
			switch {
			case endpoints[name] != "":
			case endpoints == nil && strings.HasPrefix(name, "obie-"):
				arguments = append(arguments, "--base", gateway.RegistrationURL(name))
			case endpoints == nil:
				t.Skip("the sandbox does not serve this profile")
			default:
				t.Fatal("world.json names no registration endpoint")
			}
			code, report := judge(t, arguments...)
			for _, result := range report.Results {
				if result.Outcome == conform.Fails {
					t.Errorf("%s %s: %q", result.ID, result.Title, result.Because)
				}
			}
			want := least[slices.IndexFunc(least, func(l struct {
				profile string
				held    int
			}) bool {
				return strings.HasPrefix(name, l.profile)
			})].held
			if code != 0 || report.Held < want || report.Stopped != "" {
				t.Errorf("code %d, %d hold, want 0 and %d at least: %s", code, report.Held, want, report.Stopped)
			}
		})
	}
}

// A client that authenticates with its certificate is judged by all that does not speak of assertions.
func TestWithCertificate(t *testing.T) {
	code, report := judge(t, "--auth-method", "tls_client_auth", "--only", "REG-01,REG-03,MGT-01,MGT-02,TOK-01,TOK-03,TOK-07,TOK-08,BEA-03,BEA-09")
	if code != 0 || report.Held != 10 {
		t.Errorf("code %d: %s", code, report.Text())
	}
}
