package filter_test

import (
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
)

// environments are the world's directory, a sandbox, and another of the same issuer: that of an environment, or of all
// others where it is "". The other's key is the stranger's, and so is its CA.
func (w *world) environments(environment string) (directories trust.Directories, certificate filter.Filter) {
	w.t.Helper()
	w.keystore.set("production", w.keys.stranger.jwk)
	directories = w.directories()
	other := *w.uk.Directory
	other.Name, other.Environment, other.JWKS = "production", environment, w.keystore.at("production")
	directories[other.Name] = &trust.Directory{
		Directory: &other, Keys: jwks.New(w.uk.Client(), func() time.Time { return w.now }, 0),
	}
	certificate, err := filter.NewCertificateFilter([]trust.Issuer{
		{Trust: trust.Trust{Directory: w.uk.Name, Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.uk.Anchors["ob_legacy"]},
		{Trust: trust.Trust{Directory: other.Name, Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.anchors(w.stranger)},
	}, nil)
	w.must(err)
	return directories, certificate
}

// TestTwoDirectoriesOfOneIssuer has the UK's production and sandbox in one gate: each statement is its own directory's,
// by its keys and its CAs alone, whatever it says of its environment.
func TestTwoDirectoriesOfOneIssuer(t *testing.T) {
	w := newWorld(t)
	sandbox, production := w.keys.directory, w.keys.stranger
	foreign := w.mint(w.stranger, legacyName(softwareID, orgID), nil)
	const signature, mismatch, nobodys = badStatement + "signature", badStatement + "certificate", unapproved + "statement.environment"
	tests := []struct {
		name        string
		key         key
		environment any // of the statement; nil where it names none
		leaf        leaf
		other       string // the environment of the other directory
		want        string
		directory   string
	}{
		{"a sandbox's", sandbox, "sandbox", w.transport, "", "", "loopback"},
		{"a sandbox's in other letters", sandbox, "SANDBOX", w.transport, "", "", "loopback"},
		{"production's", production, "production", foreign, "", "", "production"},
		{"production's that says nothing", production, nil, foreign, "", "", "production"},

		{"signed in production for the sandbox", production, "sandbox", foreign, "", signature, ""},
		{"signed in production for the sandbox, over its certificate", production, "sandbox", w.transport, "", signature, ""},
		{"signed in the sandbox for production", sandbox, "production", w.transport, "", signature, ""},
		{"signed in the sandbox for production, over its certificate", sandbox, "production", foreign, "", signature, ""},
		{"signed in the sandbox for nothing", sandbox, nil, w.transport, "", signature, ""},
		{"signed in the sandbox for an empty text", sandbox, "", w.transport, "", signature, ""},
		{"signed in the sandbox with a space", sandbox, "sandbox ", w.transport, "", signature, ""},
		{"a sandbox's over production's certificate", sandbox, "sandbox", foreign, "", mismatch, ""},
		{"production's over the sandbox's certificate", production, "production", w.transport, "", mismatch, ""},

		{"a number, signed in production", production, 7, foreign, "", nobodys, ""},
		{"a list, signed in production", production, []string{"sandbox"}, foreign, "", badStatement + "signature", ""},
		{"a list of numbers, signed in production", production, []int{1}, foreign, "", nobodys, ""},
		{"an object, signed in the sandbox", sandbox, claims{"sandbox": true}, w.transport, "", nobodys, ""},

		{"production's by name", production, "Production", foreign, "production", "", "production"},
		{"of no environment where both have one", production, nil, foreign, "production", nobodys, ""},
		{"of a third environment", sandbox, "pilot", w.transport, "production", nobodys, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			directories, certificate := w.environments(test.other)
			a := w.application()
			a.statementKey, a.certificate = test.key, test.leaf
			a.statement["software_environment"] = test.environment
			chain := []filter.Filter{certificate, w.chainOf(directories, "certificate", "statement")[1]}
			r := w.registering(a)
			want(t, w.register(chain, r), test.want)
			if r.Registration != nil && r.Registration.Statement.Software.Directory != test.directory {
				t.Errorf("taken for one of %s, want %s", r.Registration.Statement.Software.Directory, test.directory)
			}
		})
	}
}

// The issuer's production and sandbox count their statements apart: one cannot use up those of the other.
func TestUsedJTIsOfTwoDirectories(t *testing.T) {
	w := newWorld(t)
	single := func(d *dcr.Directory) { d.SingleUse = true }
	ids := map[string]bool{}
	for _, name := range []string{"loopback", "production", "loopback"} {
		d := w.directories(single, func(d *dcr.Directory) { d.Name = name })
		certificate, err := filter.NewCertificateFilter([]trust.Issuer{
			{Trust: trust.Trust{Directory: name, Type: w.uk.CertificateTypes["ob_legacy"]}, Anchors: w.uk.Anchors["ob_legacy"]},
		}, nil)
		w.must(err)
		r := w.registering(w.application())
		want(t, w.register([]filter.Filter{certificate, w.chainOf(d, "certificate", "statement")[1]}, r), "")
		if len(r.UsedJTIs) != 2 || r.UsedJTIs[1].GetPurpose() != "statement" {
			t.Fatalf("got %v", r.UsedJTIs)
		}
		ids[r.UsedJTIs[1].GetId()] = true
	}
	if len(ids) != 2 {
		t.Errorf("two directories have %d used jtis", len(ids))
	}
}

// TestDirectoriesOfARoute: software registers at a route that names its directory, or none; for every other the directory
// is not there.
func TestDirectoriesOfARoute(t *testing.T) {
	w := newWorld(t)
	directories, certificate := w.environments("production")
	other := *w.uk.Directory
	other.Name, other.Issuer, other.JWKS = "elsewhere", "Somebody Ltd", w.keystore.at("production")
	directories[other.Name] = &trust.Directory{
		Directory: &other, Keys: jwks.New(w.uk.Client(), func() time.Time { return w.now }, 0),
	}
	statement := &filter.StatementFilter{Directories: directories, Audiences: []string{bankID}, AuthMethods: []string{"private_key_jwt"}}
	chain := []filter.Filter{certificate, statement}
	for _, test := range []struct {
		name  string
		named []string
		want  string
	}{
		{"all", nil, ""},
		{"its own", []string{"loopback"}, ""},
		{"its own among others", []string{"elsewhere", "production", "loopback"}, ""},
		{"another issuer's", []string{"elsewhere"}, unapproved + "statement.issuer"},
		{"another environment's", []string{"production"}, badStatement + "signature"},
		{"one that is not there", []string{"nowhere"}, unapproved + "statement.issuer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			r := w.registering(w.application())
			r.Route.Directories = test.named
			err := w.register(chain, r)
			want(t, err, test.want)
			if because := "iss of the software statement must be that of a directory which this path serves: Somebody Ltd"; test.named != nil &&
				test.named[0] == "elsewhere" && test.want != "" && dcr.AsRefusal(err).Because != because {
				t.Errorf("got %q, want %q", dcr.AsRefusal(err).Because, because)
			}
		})
	}
}
