package filter_test

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
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
		{name: "the directory's other key, of an algorithm that it does not use", key: es256, want: badStatement + "algorithm",
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
		unfit   = badMetadata + "keys.set"
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
		{name: "a key for TLS", sets: map[string]string{"software": forTLS}, want: unfit},
		{name: "the key set is empty", sets: map[string]string{"software": ""}, want: unfit},
		{name: "keys of another algorithm", sets: map[string]string{"software": w.keys.softwareRSA.jwk}, want: unfit},
		{name: "a key set that nobody can use", sets: map[string]string{"software": `null,1,{"kty":"oct"},{"kty":"RSA","n":"?"}`}, want: unfit},
		{name: "entries that nobody can use beside the key", sets: map[string]string{"software": w.keys.software.jwk + `,null,1,{"kty":"oct"},{"kid":"a","kid":"b"}`}},
		{name: "64 keys for TLS beside the key", sets: map[string]string{"software": w.keys.software.jwk + strings.Repeat(","+forTLS, 64)}},
		{name: "65 keys", sets: map[string]string{"software": w.keys.software.jwk + strings.Repeat(","+w.keys.stranger.jwk, 64)}, want: unfit},
		{name: "a key set of 300 KiB", sets: map[string]string{"software": w.keys.software.jwk + strings.Repeat(" ", 300<<10)}, want: unfit},
		{name: "a set of revoked keys of 300 KiB", sets: map[string]string{"revoked": strings.Repeat(" ", 300<<10)}, want: unfit},
		{name: "the key set does not exist", statement: claims{"software_jwks_endpoint": w.keystore.at("absent")}, want: unfit},

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
