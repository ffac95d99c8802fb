package directory_test

import (
	"bytes"
	"encoding/pem"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
)

// loadFaults are changes to a good file, each with what the error must say.
var loadFaults = []struct{ name, old, new, want string }{
	{"nothing", "", "", ""},
	{"unknown key", "tls_ca:", "tls_cas:", `9:1: unknown field "tls_cas"`},
	{"key twice", "name: mine", "name: mine\nname: other", "already defined"},
	{"second document", "name: mine", "---\nname: mine", "second document"},
	{"unknown directory", "openbanking-uk-sandbox", "openbanking-fr", "2:10: extends: there is no openbanking-fr; there are cdr-register, openbanking-uk"},
	{"a path to extend", "openbanking-uk-sandbox", "../directory", "extends: there is no"},
	{"no directory to extend", "extends: openbanking-uk-sandbox", "", ".yaml: issuer: must be"},
	{"bad name", "name: mine", "name: Mine!", "3:7: name: must be"},
	{"jwks by http", "https://127.0.0.1:8445", "http://127.0.0.1:8445", "jwks: must be an https URL"},
	{"jwks elsewhere", "https://127.0.0.1:8445", "https://127.0.0.1:8446", "jwks: must be of a host in key_hosts"},
	{"no key hosts", `["127.0.0.1:8445", keys.example]`, "[]", "key_hosts: must name"},
	{"wildcard host", "keys.example", `"*.example"`, "5:31: key_hosts[1]: must be"},
	{"any host beside others", "keys.example", `"*"`, "5:31: key_hosts[1]: must be"},
	{"any host, with a port", `["127.0.0.1:8445", keys.example]`, `["*:443"]`, "5:13: key_hosts[0]: must be"},
	{"any host twice", `["127.0.0.1:8445", keys.example]`, `["*", "*"]`, "5:13: key_hosts[0]: must be"},
	{"any host beside private addresses", `["127.0.0.1:8445", keys.example]`, `["*"]`, "private_addresses: must be left out"},
	{"any host, and keys at a port", "key_hosts: [\"127.0.0.1:8445\", keys.example]\nprivate_addresses: [127.0.0.1, 10.1.0.0/16]", `key_hosts: ["*"]`,
		"4:7: jwks: must be of a host in key_hosts"},
	{"any host", "jwks: https://127.0.0.1:8445/ssa.jwks\nkey_hosts: [\"127.0.0.1:8445\", keys.example]\nprivate_addresses: [127.0.0.1, 10.1.0.0/16]",
		"jwks: https://keys.example/ssa.jwks\nkey_hosts: [\"*\"]", ""},
	{"URL as host", "keys.example", `"https://keys.example"`, "5:31: key_hosts[1]: must be"},
	{"no address", "127.0.0.1,", "localhost,", "private_addresses[0]: must be"},
	{"network with host bits", "10.1.0.0/16", "10.1.0.1/16", "private_addresses[1]: must be"},
	{"RS256", "name: mine", "name: mine\nalgorithms: [PS256, RS256]", "algorithms[1]: must be PS256 or ES256"},
	{"no algorithm", "name: mine", "name: mine\nalgorithms: []", "algorithms: must name"},
	{"no age", "name: mine", "name: mine\nstatement_max_age: 0s", "statement_max_age: must be"},
	{"no software id", "claims: {environment: env}", `claims: {software_id: ""}`, "7:23: claims.software_id: must name a claim"},
	{"no roles", "claims: {environment: env}", `claims: {roles: ""}`, "claims.roles: must name a claim"},
	{"environment without a claim", "claims: {environment: env}", `claims: {environment: ""}`, "claims.environment: must name a claim"},
	{"member state without a claim", "claims: {environment: env}", `claims: {authority: ""}`, "claims.authority: must name a claim"},
	{"bad claim", "claims: {environment: env}", `claims: {environment: "a b"}`, "7:1: claims[4]: must be names of claims"},
	{"unknown claim", "claims: {environment: env}", "claims: {enviroment: env}", "unknown field"},
	{"no active status", "name: mine", "name: mine\nactive: []", "active: must name"},
	{"no scopes", "scopes: {accounts: AISP}", "scopes: {}", "scopes: must name"},
	{"two scopes in one", "scopes: {accounts: AISP}", `scopes: {"accounts payments": AISP}`, "scopes: must be scope tokens"},
	{"unknown kind", "profile: qwac", "profile: cdx", "certificates[1].profile: must be one of ob_legacy, obwac, qwac, cdr"},
	{"another known kind", "profile: qwac", "profile: cdr", ""},
	{"kind twice", "profile: qwac", "profile: ob_legacy", "12:15: certificates[1].profile: must be named once"},
	{"no CA", "[qtsp.pem]", "[]", "certificates[1].ca: must name"},
	{"missing file", "[qtsp.pem]", "[no.pem]", "12:26: certificates[1].ca[0]: open "},
	{"empty file", "[qtsp.pem]", "[empty.pem]", "empty.pem: "},
	{"no CA's certificate", "[qtsp.pem]", "[leaf.pem]", "leaf.pem: "},
	{"a key in the file", "[qtsp.pem]", "[key.pem]", "key.pem: "},
	{"a torn file", "[qtsp.pem]", "[torn.pem]", "torn.pem: "},
	{"a huge file", "[qtsp.pem]", "[huge.pem]", "huge.pem is larger"},
	{"missing server CA", "[server-ca.pem]", "[no.pem]", "9:10: tls_ca[0]: open "},
	{"a leaf as server CA", "[server-ca.pem]", "[leaf.pem]", "9:10: tls_ca[0]: "},
}

func TestLoadRefuses(t *testing.T) {
	ca := authority(t, "ca", true)
	files := map[string][]byte{
		"server-ca.pem": ca, "issuing.pem": ca, "both.pem": ca, "qtsp.pem": ca, "leaf.pem": authority(t, "leaf", false), "empty.pem": nil,
		"key.pem":  slices.Concat(ca, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})),
		"torn.pem": slices.Concat(ca, ca[:len(ca)/2]),
		"huge.pem": bytes.Repeat([]byte("#"), 4<<20+1),
	}
	for _, c := range loadFaults {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(extending, c.old) {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := directory.Load(write(t, strings.Replace(extending, c.old, c.new, 1), files))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for _, text := range []string{"", "# nothing\n", "[]", "extends: [a]"} {
		if _, err := directory.Load(write(t, text, nil)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	if _, err := directory.Load(filepath.Join(t.TempDir(), "no.yaml")); err == nil {
		t.Error("a missing file was read")
	}
}

// All faults are reported at once.
func TestLoadReportsAll(t *testing.T) {
	_, err := directory.Load(write(t, "name: mine\n", nil))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"issuer:", "jwks:", "key_hosts:", "algorithms:", "statement_max_age:", "claims.jwks:", "scopes:", "certificates:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
