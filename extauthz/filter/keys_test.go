package filter_test

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// TestStatementSignature is step 7: only the directory's own keys sign statements, and only by its algorithms.
func TestStatementSignature(t *testing.T) {
	w := newWorld(t)
	forged := w.keys.stranger
	forged.kid = w.keys.directory.kid
	es256 := w.keys.stranger
	w.keystore.set("directory", w.keys.directory.jwk, es256.jwk)
	tests := []struct {
		name   string
		key    key
		change func(*dcr.Directory)
		want   string
	}{
		{name: "the directory's key", key: w.keys.directory},
		{name: "the directory's other key", key: es256},
		{name: "the directory's other key, of an algorithm that it does not use", key: es256, want: badStatement + "signature",
			change: func(d *dcr.Directory) { d.Algorithms = []string{"PS256"} }},
		{name: "another's key under the directory's kid", key: forged, want: badStatement + "signature"},
		{name: "the software's own key", key: w.keys.software, want: badStatement + "signature"},
		{name: "the key for access tokens", key: w.keys.token, want: badStatement + "signature"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			directories := w.directories()
			if test.change != nil {
				directories = w.directories(test.change)
			}
			a := w.application()
			a.statementKey = test.key
			want(t, w.register(w.chainOf(directories, "certificate", "statement"), w.registering(a)), test.want)
			if asked := w.keystore.taken(); test.want != "" && strings.Contains(asked, "software") {
				t.Errorf("fetched %q out of a statement that nobody has signed", asked)
			}
		})
	}
	w.keystore.takeDown(t, "directory")
	want(t, w.register(w.chain("certificate", "statement"), w.registering(w.application())), "503 temporarily_unavailable directory.unavailable")
}

// TestSoftwareKeys is steps 10 and 11: the software's keys sign requests, unless they are revoked or not for that.
func TestSoftwareKeys(t *testing.T) {
	w := newWorld(t)
	forTLS := strings.Replace(w.keys.software.jwk, `"sig"`, `"tls"`, 1)
	forged := w.keys.stranger
	forged.kid = w.keys.software.kid
	const (
		revoked = unapproved + "keys.revoked"
		host    = unapproved + "keys.host"
		down    = "503 temporarily_unavailable keys.unavailable"
		refused = badMetadata + "request.signature"
	)
	tests := []struct {
		name      string
		key       key // the software's when zero
		sets      map[string]string
		statement claims
		down      string
		want      string
	}{
		{name: "all is well"},
		{name: "another software's key", key: w.keys.stranger, want: refused},
		{name: "another's key under the software's kid", key: forged, want: refused},
		{name: "the directory's key", key: w.keys.directory, want: refused},
		{name: "the organisation's key", key: w.keys.org, want: refused},
		{name: "a key for TLS", sets: map[string]string{"software": forTLS}, want: refused},

		{name: "the key is revoked", sets: map[string]string{"revoked": w.keys.software.jwk}, want: revoked},
		{name: "the key is revoked for the organisation", sets: map[string]string{"org-revoked": w.keys.software.jwk}, want: revoked},
		{name: "the certificate is revoked", sets: map[string]string{"revoked": w.jwk(w.transport, "tls")}, want: revoked},
		{name: "the certificate is revoked for the organisation", sets: map[string]string{"org-revoked": w.jwk(w.transport, "tls")}, want: revoked},
		{name: "the certificate is revoked by its thumbprint", sets: map[string]string{"revoked": `{"kty":"RSA","x5t#S256":"` + w.transport.thumbprint + `="}`}, want: revoked},
		{name: "another key is revoked", sets: map[string]string{"revoked": w.keys.softwareRSA.jwk}},
		{name: "no revoked sets are named", statement: claims{"software_jwks_revoked_endpoint": nil, "org_jwks_revoked_endpoint": nil}},

		{name: "the key set is down", down: "software", want: down},
		{name: "the revoked set is down", down: "revoked", want: down},
		{name: "the organisation's revoked set is down", down: "org-revoked", want: down},
		{name: "the organisation's set is down, which nobody needs", down: "org"},
		{name: "the key set is empty", sets: map[string]string{"software": ""}, want: down},

		{name: "keys of another host", statement: claims{"software_jwks_endpoint": "https://evil.example/jwks"}, want: host},
		{name: "keys of another port", statement: claims{"software_jwks_endpoint": "https://127.0.0.1/jwks"}, want: host},
		{name: "keys without TLS", statement: claims{"software_jwks_endpoint": strings.Replace(w.keystore.at("software"), "https", "http", 1)}, want: host},
		{name: "keys behind a user", statement: claims{"software_jwks_endpoint": strings.Replace(w.keystore.at("software"), "//", "//x@", 1)}, want: host},
		{name: "revoked keys of another host", statement: claims{"software_jwks_revoked_endpoint": "https://evil.example/jwks"}, want: host},
		{name: "the organisation's revoked keys of another host", statement: claims{"org_jwks_revoked_endpoint": "https://evil.example/jwks"}, want: host},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			for name, jwk := range test.sets {
				w.keystore.set(name, jwk)
			}
			defer w.publish()
			if test.down != "" {
				w.keystore.takeDown(t, test.down)
			}
			a := w.application()
			if test.key.signer != nil {
				a.requestKey = test.key
			}
			for name, value := range test.statement {
				a.statement[name] = value
			}
			want(t, w.register(w.chain("certificate", "statement"), w.registering(a)), test.want)
		})
	}
}

// TestBinding is rules D.4: which certificates belong to a statement.
func TestBinding(t *testing.T) {
	w := newWorld(t)
	const refused = badStatement + "certificate"
	obwac := w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-"+registration), nil)
	listed := w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-999"), nil)
	tests := []struct {
		name    string
		leaf    leaf
		sets    map[string]string
		change  claims
		want    string
		profile string
		fetched string
	}{
		{name: "the software's", leaf: w.transport, profile: "ob_legacy", fetched: "directory org-revoked revoked software"},
		{name: "another software's of the organisation", leaf: w.mint(w.legacy, legacyName(otherID, orgID), nil), want: refused, fetched: "directory"},
		{name: "the software's id of another organisation", leaf: w.mint(w.legacy, legacyName(softwareID, otherOrgID), nil), want: refused, fetched: "directory"},
		{name: "swapped", leaf: w.mint(w.legacy, legacyName(orgID, softwareID), nil), want: refused, fetched: "directory"},
		{name: "the organisation's OBWAC", leaf: obwac, profile: "obwac", fetched: "directory org-revoked revoked software"},
		{name: "another organisation's OBWAC", leaf: w.mint(w.eidas, psdName(otherOrgID, "PSDGB-FCA-"+registration), nil), want: refused, fetched: "directory"},
		{name: "a QWAC of the authorisation number", leaf: w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"+registration), nil), profile: "qwac",
			fetched: "directory org-revoked revoked software"},
		{name: "a QWAC of another number", leaf: listed, want: refused, fetched: "directory org software"},
		{name: "one that the software lists", leaf: listed, sets: map[string]string{"software": w.keys.software.jwk + "," + w.jwk(listed, "tls")}, profile: "qwac",
			fetched: "directory org-revoked revoked software"},
		{name: "one that the organisation lists", leaf: listed, sets: map[string]string{"org": w.jwk(listed, "tls")}, profile: "qwac",
			fetched: "directory org org-revoked revoked software"},
		{name: "one that is listed for signing", leaf: listed, sets: map[string]string{"org": w.jwk(listed, "sig")}, want: refused, fetched: "directory org software"},
		{name: "one that is listed and revoked", leaf: listed, sets: map[string]string{"org": w.jwk(listed, "tls"), "org-revoked": w.jwk(listed, "tls")},
			want: unapproved + "keys.revoked", fetched: "directory org org-revoked revoked software"},
		{name: "a QWAC, and a statement without a number", leaf: w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"), nil),
			change: claims{"organisation_competent_authority_claims": nil}, want: refused, fetched: "directory org software"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			for name, jwk := range test.sets {
				w.keystore.set(name, jwk)
			}
			defer w.publish()
			a := w.application()
			a.certificate = test.leaf
			for name, value := range test.change {
				a.statement[name] = value
			}
			w.keystore.taken()
			r := w.registering(a)
			want(t, w.register(w.chain("certificate", "statement"), r), test.want)
			if r.Registration != nil && r.Registration.CertificateProfile != test.profile {
				t.Errorf("bound as %s, want %s", r.Registration.CertificateProfile, test.profile)
			}
			if asked := w.keystore.taken(); asked != test.fetched {
				t.Errorf("fetched %q, want %q", asked, test.fetched)
			}
		})
	}
}

// TestBindingOfTwoKinds has one CA issue two kinds of certificates: "evaluate the rules of the first matching profile"
// (rules D.4), and of no other.
func TestBindingOfTwoKinds(t *testing.T) {
	w := newWorld(t)
	anchors := func(profiles ...string) (list []filter.KindAnchors) {
		for _, profile := range profiles {
			list = append(list, filter.KindAnchors{Trust: filter.Trust{Directory: w.uk.Name, Profile: profile}, Anchors: w.uk.Anchors["obwac"]})
		}
		return list
	}
	numbered := w.mint(w.eidas, psdName("tpp.example", "PSDGB-FCA-"+registration), nil)
	named := w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-999"), nil)
	tests := []struct {
		name     string
		profiles []string
		leaf     leaf
		want     string
	}{
		{"OBWAC first, by its name", []string{"obwac", "qwac"}, named, ""},
		{"OBWAC first, by its number", []string{"obwac", "qwac"}, numbered, badStatement + "certificate"},
		{"QWAC first, by its number", []string{"qwac", "obwac"}, numbered, ""},
		{"QWAC first, by its name", []string{"qwac", "obwac"}, named, badStatement + "certificate"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			certificate, err := filter.NewCertificateFilter(anchors(test.profiles...))
			w.must(err)
			a := w.application()
			a.certificate = test.leaf
			chain := append([]filter.Filter{certificate}, w.chain("certificate", "statement")[1])
			r := w.registering(a)
			want(t, w.register(chain, r), test.want)
			if test.want == "" && r.Registration.CertificateProfile != test.profiles[0] {
				t.Errorf("bound as %s", r.Registration.CertificateProfile)
			}
		})
	}
}
