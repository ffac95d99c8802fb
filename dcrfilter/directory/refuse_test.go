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
	{"unknown key", "tls_ca:", "tls_cas:", `9:1: error: tls_cas: there is no such key here; did you mean tls_ca?`},
	{"key twice", "name: mine", "name: mine\nname: other", "4:1: error: name: the key is repeated; it is in line 3 already"},
	{"second document", "name: mine", "---\nname: mine", "3:1: error: the file must hold one YAML document"},
	{"unknown directory", "openbanking-uk-sandbox", "openbanking-fr", "2:10: error: extends: there is no openbanking-fr; there are cdr-register, openbanking-uk, openbanking-uk-sandbox; did you mean openbanking-uk?"},
	{"a path to extend", "openbanking-uk-sandbox", "../directory", "extends: there is no"},
	{"no directory to extend", "extends: openbanking-uk-sandbox", "", "3:1: error: issuer: the key issuer is missing"},
	{"bad name", "name: mine", "name: Mine!", "3:7: error: name: must be"},
	{"jwks by http", "https://127.0.0.1:8445", "http://127.0.0.1:8445", "jwks: must be an https URL"},
	{"jwks elsewhere", "https://127.0.0.1:8445", "https://127.0.0.1:8446", "jwks: must be of a host in key_hosts"},
	{"no key hosts", `["127.0.0.1:8445", keys.example]`, "[]", "5:12: error: key_hosts: the list must not be empty"},
	{"wildcard host", "keys.example", `"*.example"`, "5:31: error: key_hosts[1]: must be"},
	{"any host beside others", "keys.example", `"*"`, "5:31: error: key_hosts[1]: must be"},
	{"any host, with a port", `["127.0.0.1:8445", keys.example]`, `["*:443"]`, "5:13: error: key_hosts[0]: must be"},
	{"any host twice", `["127.0.0.1:8445", keys.example]`, `["*", "*"]`, "5:13: error: key_hosts[0]: must be"},
	{"any host beside private addresses", `["127.0.0.1:8445", keys.example]`, `["*"]`, "private_addresses: must be left out"},
	{"any host, and keys at a port", "key_hosts: [\"127.0.0.1:8445\", keys.example]\nprivate_addresses: [127.0.0.1, 10.1.0.0/16]", `key_hosts: ["*"]`,
		"4:7: error: jwks: must be of a host in key_hosts"},
	{"any host", "jwks: https://127.0.0.1:8445/ssa.jwks\nkey_hosts: [\"127.0.0.1:8445\", keys.example]\nprivate_addresses: [127.0.0.1, 10.1.0.0/16]",
		"jwks: https://keys.example/ssa.jwks\nkey_hosts: [\"*\"]", ""},
	{"URL as host", "keys.example", `"https://keys.example"`, "5:31: error: key_hosts[1]: must be"},
	{"no address", "127.0.0.1,", "localhost,", "private_addresses[0]: must be"},
	{"network with host bits", "10.1.0.0/16", "10.1.0.1/16", "private_addresses[1]: must be"},
	{"RS256", "name: mine", "name: mine\nalgorithms: [PS256, RS256]", "4:21: error: algorithms[1]: must be one of PS256, ES256; did you mean PS256?"},
	{"no algorithm", "name: mine", "name: mine\nalgorithms: []", "algorithms: the list must not be empty"},
	{"no age", "name: mine", "name: mine\nstatement_max_age: 0s", "statement_max_age: must be"},
	{"no software id", "claims: {environment: env}", `claims: {software_id: ""}`, "7:23: error: claims.software_id: must be the name of a claim"},
	{"no roles", "claims: {environment: env}", `claims: {roles: ""}`, "claims.roles: must be the name of a claim"},
	{"environment without a claim", "claims: {environment: env}", `claims: {environment: ""}`, "claims.environment: must name a claim"},
	{"member state without a claim", "claims: {environment: env}", `claims: {authority: ""}`, "claims.authority: must name a claim"},
	{"bad claim", "claims: {environment: env}", `claims: {environment: "a b"}`, "7:23: error: claims.environment: must be the name of a claim"},
	{"unknown claim", "claims: {environment: env}", "claims: {enviroment: env}", "7:10: error: claims.enviroment: there is no such key here; did you mean environment?"},
	{"no active status", "name: mine", "name: mine\nactive: []", "active: must name"},
	{"no scopes", "scopes: {accounts: AISP}", "scopes: {}", "scopes: at least one must be named here"},
	{"two scopes in one", "scopes: {accounts: AISP}", `scopes: {"accounts payments": AISP}`, "8:10: error: scopes.accounts payments: the key must be a scope token"},
	{"unknown kind", "profile: qwac", "profile: cdx", "certificates[1].profile: must be one of cdr, ob_legacy, obwac, qwac"},
	{"loose: keys without a value, a number as a text, a list that repeats itself", "name: mine", "name: mine\nenvironment:\nactive: [Active, Active]\nrequired: []\nmember_state: \"\"\nissuer: 12345", ""},
	{"another known kind", "profile: qwac", "profile: cdr", ""},
	{"kind twice", "profile: qwac", "profile: ob_legacy", "12:15: error: certificates[1].profile: must be named once"},
	{"a type by its key of today", "profile: qwac", "type: qwac", ""},
	{"no type", "profile: qwac, ", "", "certificates[1].type: must be one of"},
	{"two types", "profile: qwac", "profile: qwac, type: obwac", "certificates[1].profile: must be left out beside type"},
	{"a type of its own", "profile: qwac", "type: own", "certificates[1].type: must be one of cdr, ob_legacy, obwac, qwac"},
	{"a bad pattern", "name: mine", "name: mine\ncertificate_types: {own: {subject: {CN: \"{software}\"}}}", "certificate_types.own.subject.CN: must be text"},
	{"an unknown attribute", "name: mine", "name: mine\ncertificate_types: {own: {subject: {CNN: \"{org_id}\"}}}", "certificate_types.own.subject.CNN: is not the name"},
	{"a type that binds nothing", "name: mine", "name: mine\ncertificate_types: {own: {subject: {CN: \"*\"}}}", "certificate_types.own: must name the software product"},
	{"an authority", "name: mine", "name: mine\nauthorities: {FCAGBR: FCA}", "authorities.FCAGBR: must be a country and an authority"},
	{"no CA", "[qtsp.pem]", "[]", "certificates[1].ca: the list must not be empty"},
	{"missing file", "[qtsp.pem]", "[no.pem]", "12:26: error: certificates[1].ca[0]: open "},
	{"empty file", "[qtsp.pem]", "[empty.pem]", "empty.pem: "},
	{"no CA's certificate", "[qtsp.pem]", "[leaf.pem]", "leaf.pem: "},
	{"a key in the file", "[qtsp.pem]", "[key.pem]", "key.pem: "},
	{"a torn file", "[qtsp.pem]", "[torn.pem]", "torn.pem: "},
	{"a huge file", "[qtsp.pem]", "[huge.pem]", "huge.pem is larger"},
	{"missing server CA", "[server-ca.pem]", "[no.pem]", "9:10: error: tls_ca[0]: open "},
	{"a leaf as server CA", "[server-ca.pem]", "[leaf.pem]", "9:10: error: tls_ca[0]: "},
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
	for _, want := range []string{"issuer:", "jwks:", "key_hosts:", "algorithms:", "statement_max_age:", "claims:", "scopes:", "certificates:"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}
