package lint

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// A breach is a file with one thing to say about it: the good one with a text in place of another, or with other
// certificates.
type breach struct {
	name, old, new string
	files          func(*folder)
	names          int // bytes of the CAs' names
	id             string
	want           string // where it is, and how what is said of it begins
}

var cases = []breach{
	{name: "misspelt scope", old: "scopes: [accounts, openid], upstream", new: "scopes: [account, openid], upstream",
		id: "scope.unknown", want: `routes[4].scopes[0]: no directory in use has the scope "account"; did you mean "accounts"?`},
	{name: "scope of another standard", old: "scopes: [accounts, openid], upstream", new: "scopes: [accounts, cdr], upstream",
		id: "scope.unknown", want: `routes[4].scopes[1]: no directory in use has the scope "cdr"; there are accounts, openid, payments`},
	{name: "role of no directory", old: "roles: [AISP, PISP]", new: "roles: [AISP, CBPII]",
		id: "role.unknown", want: `routes[5].roles[1]: no directory in use has the role "CBPII"; there are AISP, PISP`},
	{name: "misspelt directory", old: "directories: [uk], body_limit: 16KiB", new: "directories: [uk, uk-sandbx], body_limit: 16KiB",
		id: "directory.unknown", want: `routes[0].directories[1]: no directory in use has the name "uk-sandbx"; did you mean "uk-sandbox"?`},
	{name: "misspelt profile", old: "statement], profile: obie-3.3", new: "statement], profile: obi-3.3",
		id: "profile.unknown", want: `routes[0].profile: there is no registration profile "obi-3.3"; did you mean "obie-3.3"?`},
	{name: "unsigned requests that nobody has named", old: "path: /dcr/v3.3/register, methods: [POST], checks: [certificate, statement], profile: obie-3.3",
		new: "path: /dcr/v3.3/register/, methods: [POST], checks: [certificate, statement], profile: plain",
		id:  "profile.unsigned", want: `routes[0].unsigned_requests: must be true, or the profile a different one: requests of plain are not signed`},
	{name: "signed requests that are named unsigned", old: "statement], profile: obie-3.3", new: "statement], unsigned_requests: true, profile: obie-3.3",
		id: "profile.unsigned", want: `routes[0].unsigned_requests: must be left out: requests of obie-3.3 are signed`},
	{name: "a slash too many", old: "path: /dcr/v3.3/register, methods", new: "path: /dcr/v3.3/register/, methods",
		id: "profile.path", want: `routes[0].path: must not end with a slash, as obie-3.3 has it`},
	{name: "no slash", old: "statement], profile: obie-3.3", new: "statement], unsigned_requests: true, profile: plain",
		id: "profile.path", want: `routes[0].path: must end with a slash, as plain has it`},
	{name: "software of every directory", old: ", directories: [uk], body_limit: 16KiB", new: ", body_limit: 16KiB",
		id: "registration.directories", want: `routes[0].directories: should name the directories whose software registers by obie-3.3, out of uk, uk-sandbox`},
	{name: "no scope to manage a client", old: "owner], profile: obie-3.3", new: "owner], profile: abroad",
		id: "profile.management_scope", want: `routes[1].scopes: must name openid, with the check scope: abroad requires it`},
	{name: "another scope to manage a client", old: "owner], profile: obie-3.3", new: "owner, scope], scopes: [accounts], profile: abroad",
		id: "profile.management_scope", want: `routes[1].scopes: must name openid`},
	{name: "passwords that are no hashes", old: "[certificate, statement], profile", new: "[certificate, statement, basic], users: ca.pem, profile",
		id: "users.unreadable", want: `routes[0].users: line 1 is not NAME:HASH with a bcrypt hash`},
	{name: "no room for a registration", old: "body_limit: 16KiB", new: "body_limit: 15KiB",
		id: "registration.body_limit", want: `routes[0].body_limit: must be 16KiB or more: a registration request holds a software statement of some 4KiB`},
	{name: "a scope of another role", old: "roles: [AISP, PISP]", new: "roles: [PISP]",
		id: "scope.role", want: `routes[5].scopes[0]: none of the roles that the route requires grants the scope "accounts"`},
	{name: "two patterns", old: "/api/accounts/special", new: `"/api/accounts/{Id}/{Part}"`,
		id: "route.overlap", want: `routes[7].path: /api/accounts/x/{Item} matches /api/{Kind}/x/{Item} of route item too; it goes to /api/accounts/{Id}/{Part} ` +
			`of route special, which is specific further to the left: PUT /api/accounts/x/{Item} is answered 405`},
	{name: "a listener for any host", old: ", server_names: [bank.example, api.bank.example]", new: "",
		id: "listener.any_host", want: `listeners.mtls: has no server_names: a request may name any host`},
	{name: "a public route among others", old: "/open/status", new: "/api/accounts/status",
		id: "public.prefix", want: `routes[3].public: open to everyone, while under /api/accounts 3 other routes are protected`},
	{name: "no default plan", old: "  default: {per_source: 100/s}\n", new: "", id: "plan.none",
		want: `routes[0]: 9 of 10 routes have no rate plan, route register first: a plan named default holds for all that name none`},
	{name: "a registry on a network", old: `registry: {address: "unix:run/registry.sock", `, new: `registry: {address: "10.0.0.7:8443", `,
		id: "registry.tls", want: `upstreams.registry: 10.0.0.7:8443 is a registry on TCP, which answers only clients with a certificate: tls must name one`},
	{name: "a registry that receives no certificate", old: `registry: {address: "unix:run/registry.sock", `,
		new: `registry: {address: ["localhost:8443"], tls: {ca: ca.pem, server_name: localhost}, `,
		id:  "registry.tls", want: `upstreams.registry: localhost:8443 is a registry on TCP`},
	{name: "a name in the DNS", old: `"localhost:81"`, new: `"bank.internal:81"`,
		id: "upstream.plain", want: `upstreams.bank.address: bank.internal:81 is used without TLS, and the DNS decides`},
	{name: "a public address", old: `"10.1.2.3:80"`, new: `"192.0.2.1:80"`,
		id: "upstream.plain", want: `upstreams.bank.address: 192.0.2.1:80 is used without TLS, and is not an address of a private network`},
	{name: "a rate limit service afar", old: "plans:", new: "rate_limit_service: {address: \"192.0.2.1:80\"}\nplans:",
		id: "upstream.plain", want: `rate_limit_service.address: 192.0.2.1:80 is`},
	{name: "no timeout", old: "    address: far.example:443\n    timeout: 4s", new: "    address: far.example:443",
		id: "upstream.no_timeout", want: `upstreams.far: has no timeout of its own: the default of 10s`},
	{name: "a listener too many", old: "  mtls:", new: `  spare: {address: 127.0.0.1:1, url: "https://127.0.0.1:1", certificate: local.pem, key: local.key, client_certificate: none}` + "\n  mtls:",
		id: "listener.unused", want: `listeners.spare: no route uses it`},
	{name: "an upstream too many", old: "upstream: far", new: "upstream: bank", id: "upstream.unused", want: `upstreams.far: no route uses it`},
	{name: "a plan too many", old: ", plan: gold", new: "", id: "plan.unused", want: `plans.gold: no route uses it`},

	{name: "no tokens", old: "endpoint: token}", new: "endpoint: revocation}",
		id: "as.no_token", want: `routes[0].endpoint: clients register here, and no route has the endpoint token: none of them ever gets one`},
	{name: "no discovery", old: "endpoint: discovery}", new: "endpoint: errors}",
		id: "as.no_discovery", want: `routes[0].endpoint: clients register here, and no route has the endpoint discovery`},
	{name: "no keys of the issuer", old: "endpoint: jwks}", new: "endpoint: errors}",
		id: "as.no_discovery", want: `routes[0].endpoint: clients register here, and no route has the endpoint jwks`},
	{name: "nobody can register", old: "path: /dcr/v3.3/register, methods: [POST], checks: [certificate, statement], ",
		new: `path: "/dcr/v3.3/register/{ClientId}", methods: [DELETE], checks: [certificate, bearer, owner], `,
		id:  "as.no_registration", want: `routes[8].endpoint: no route registers clients: POST with the endpoint registration`},
	{name: "an issuer elsewhere", old: "issuer: https://bank.example", new: "issuer: https://other.example",
		id: "issuer.host", want: `issuer: no listener serves other.example: clients look for the authorization server there`},
	{name: "a timeout nobody waits for", old: "upstream: bank, plan: gold}", new: "upstream: bank, plan: gold, timeout: 1h}",
		id: "route.timeout", want: `routes[6].timeout: 1h0m0s is longer than callers wait`},
	{name: "a key for all to read", files: func(f *folder) {
		if err := os.Chmod(filepath.Join(f.dir, "local.key"), 0o644); err != nil {
			f.t.Fatal(err)
		}
	}, id: "key.readable", want: `listeners.public.key: every user of this machine can read local.key (mode 0644): chmod 0640 or 0600`},
	{name: "an ended server certificate", files: func(f *folder) {
		f.issue("local", template("local", now.Add(-time.Hour), "127.0.0.1"), ec(f.t, elliptic.P256()))
	}, id: "listener.expired", want: `listeners.public.certificate: certificate 1 of the file expired on 2026-11-21`},
	{name: "too many CAs for a handshake", names: 1 << 16,
		id: "listener.client_cas", want: `listeners.mtls.client_certificate: the names of the directories' CAs take 65536 bytes of a TLS handshake, which has room for 65535`},

	{name: "no PEM", files: func(f *folder) { f.write("ca.pem", []byte("no PEM")) },
		id: "certificate.unreadable", want: `upstreams.far.tls.ca: holds no certificate in PEM form`},
	{name: "no certificate", files: func(f *folder) { f.write("ca.pem", pemOf("CERTIFICATE")) },
		id: "certificate.unreadable", want: `upstreams.far.tls.ca: certificate 1 of the file is malformed`},
	{name: "no key", files: func(f *folder) { f.write("local.key", pemOf("PRIVATE KEY")) },
		id: "certificate.unreadable", want: `listeners.public.key: holds no RSA or EC key`},
	{name: "a certificate for a key", files: func(f *folder) { f.write("local.key", pemOf("CERTIFICATE")) },
		id: "certificate.unreadable", want: `listeners.public.key: holds no private key in PEM form`},
	{name: "an encrypted key", files: func(f *folder) { f.write("local.key", pemOf("ENCRYPTED PRIVATE KEY")) },
		id: "certificate.unreadable", want: `listeners.public.key: is encrypted: there is no way to enter its password`},
	{name: "a file without end", files: func(f *folder) { f.write("ca.pem", make([]byte, 1<<20+1)) },
		id: "certificate.unreadable", want: `upstreams.far.tls.ca: is larger than 1 MiB`},
	{name: "another server's key", old: "certificate: local.pem, key: local.key", new: "certificate: local.pem, key: client.key",
		id: "certificate.pair", want: `listeners.public.key: is not the key of local.pem`},
	{name: "another client's key", old: "certificate: client.pem, key: client.key", new: "certificate: client.pem, key: local.key",
		id: "certificate.pair", want: `upstreams.far.tls.key: is not the key of client.pem`},
	{name: "a short RSA key", files: func(f *folder) {
		f.issue("local", template("local", now.AddDate(1, 0, 0), "127.0.0.1"), shortKey(f.t))
	}, id: "certificate.weak", want: `listeners.public.certificate: certificate 1 of the file has an RSA key of 1024 bits: at least 2048 are needed`},
	{name: "an EC key for tokens", old: "tokens: {audience: https://bank.example}", new: "tokens: {audience: https://bank.example, keys: [token.key]}", files: func(f *folder) {
		f.write("token.key", testkit.KeyPEM(f.t, ec(f.t, elliptic.P256())))
	}, id: "tokens.key", want: `tokens.keys[0]: is not an RSA key, which PS256 needs`},
	{name: "a short key for tokens", old: "tokens: {audience: https://bank.example}", new: "tokens: {audience: https://bank.example, keys: [token.key]}", files: func(f *folder) {
		f.write("token.key", testkit.KeyPEM(f.t, shortKey(f.t)))
	}, id: "tokens.key", want: `tokens.keys[0]: has 1024 bits: 2048 to 8192 are needed`},
	{name: "two keys for tokens in a file", old: "tokens: {audience: https://bank.example}", new: "tokens: {audience: https://bank.example, keys: [token.key]}", files: func(f *folder) {
		key := testkit.KeyPEM(f.t, shortKey(f.t))
		f.write("token.key", append(key, key...))
	}, id: "tokens.key", want: `tokens.keys[0]: is not one PEM block PRIVATE KEY`},
	{name: "a short EC key", files: func(f *folder) {
		f.issue("local", template("local", now.AddDate(1, 0, 0), "127.0.0.1"), ec(f.t, elliptic.P224()))
	}, id: "certificate.weak", want: `listeners.public.certificate: certificate 1 of the file has an EC key of 224 bits: at least 256 are needed`},
	{name: "a forgeable signature", files: func(f *folder) {
		leaf := template("local", now.AddDate(1, 0, 0), "127.0.0.1")
		leaf.SignatureAlgorithm = x509.ECDSAWithSHA1
		f.issue("local", leaf, ec(f.t, elliptic.P256()))
	}, id: "certificate.weak", want: `listeners.public.certificate: certificate 1 of the file is signed with ECDSA-SHA1, which can be forged`},
	{name: "an ended CA", files: func(f *folder) { f.write("ca.pem", testkit.Certify(f.t, f.ca, *template("old", now), nil).PEM()) },
		id: "certificate.expired", want: `upstreams.far.tls.ca: certificate 1 of the file expired on 2026-11-21`},
	{name: "an ended client certificate", files: func(f *folder) {
		f.issue("client", template("c", now.Add(-time.Hour)), ec(f.t, elliptic.P256()))
	},
		id: "certificate.expired", want: `upstreams.far.tls.certificate: certificate 1 of the file expired on 2026-11-21`},
	{name: "a certificate of the future", files: func(f *folder) {
		leaf := template("local", now.AddDate(1, 0, 0), "127.0.0.1")
		leaf.NotBefore = now.Add(time.Minute)
		f.issue("local", leaf, ec(f.t, elliptic.P256()))
	}, id: "listener.expired", want: `listeners.public.certificate: certificate 1 of the file is not valid before 2026-11-21`},
	{name: "an end in sight", files: func(f *folder) {
		f.issue("local", template("local", now.AddDate(0, 0, 29), "127.0.0.1"), ec(f.t, elliptic.P256()))
	}, id: "certificate.expires", want: `listeners.public.certificate: certificate 1 of the file expires on 2026-12-20, in 29 days`},
	{name: "an end in sight of the second", files: func(f *folder) {
		text, err := os.ReadFile(filepath.Join(f.dir, "local.pem"))
		if err != nil {
			f.t.Fatal(err)
		}
		f.write("issuer.pem", testkit.Certify(f.t, f.ca, *template("issuer", now.AddDate(0, 0, 1)), nil).PEM())
		issuer, err := os.ReadFile(filepath.Join(f.dir, "issuer.pem"))
		if err != nil {
			f.t.Fatal(err)
		}
		f.write("local.pem", append(text, issuer...))
	}, id: "certificate.expires", want: `listeners.public.certificate: certificate 2 of the file expires on 2026-11-22, in 1 days`},
	{name: "another host", old: "https://127.0.0.1:8444", new: "https://127.0.0.2:8444",
		id: "certificate.host", want: `listeners.public.url: no certificate of the listener has the name 127.0.0.2: clients will refuse it`},
	{name: "another server name", old: "[bank.example, api.bank.example]", new: "[bank.example, x.bank.example]",
		id: "certificate.host", want: `listeners.mtls.server_names[1]: no certificate of the listener has the name x.bank.example`},
}

func pemOf(kind string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte("nothing")})
}

func TestLint(t *testing.T) {
	for _, test := range cases {
		t.Run(test.id+": "+test.name, func(t *testing.T) {
			f, text := newFolder(t), good
			if test.old != "" {
				text = with(t, test.old, test.new)
			}
			if test.files != nil {
				test.files(f)
			}
			f.names = test.names
			found := f.lint(text)
			if len(found) != 1 {
				t.Fatalf("one problem is to be found, not %d:\n%v", len(found), found)
			}
			if have := found[0].Where + ": " + found[0].What; found[0].ID != test.id || !strings.HasPrefix(have, test.want) {
				t.Errorf("have %s %s\nwant %s %s", found[0].ID, have, test.id, test.want)
			}
			if found[0].Line == 0 || found[0].File != "routes.yaml" {
				t.Errorf("it is at line %d of %q", found[0].Line, found[0].File)
			}
		})
	}
}

func TestGoodFileHasNoProblems(t *testing.T) {
	if found := newFolder(t).lint(good); len(found) > 0 {
		t.Error(found)
	}
}

// TestEveryRuleIsShown: each rule has a case that breaks it; the good file breaks none.
func TestEveryRuleIsShown(t *testing.T) {
	var ids []string
	for _, rule := range slices.Concat(Rules(), routes.Rules()) {
		if slices.Contains(ids, rule.ID) {
			t.Errorf("two rules are named %s", rule.ID)
		}
		ids = append(ids, rule.ID)
	}
	for _, rule := range Rules() {
		if !slices.ContainsFunc(cases, func(c breach) bool { return c.id == rule.ID }) {
			t.Errorf("no case breaks %s", rule.ID)
		}
	}
}

// TestMissingFilesAreLeftToTheReader: they are its matter, and it may be told of them before or after.
func TestMissingFilesAreLeftToTheReader(t *testing.T) {
	f := newFolder(t)
	file, err := routes.Parse("routes.yaml", []byte(good), f.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"local.pem", "server.key", "ca.pem"} {
		if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if found := Lint(file, known, now); len(found) > 0 {
		t.Error(found)
	}
}

func TestManyProblemsOfOneRule(t *testing.T) {
	text := strings.Builder{}
	text.WriteString(good)
	for i := range most + 7 {
		fmt.Fprintf(&text, "  - {name: r%d, path: /api/r%d, methods: [GET], checks: [certificate, bearer, scope], scopes: [no%d], upstream: bank}\n", i, i, i)
	}
	found := newFolder(t).lint(text.String())
	if len(found) != most {
		t.Fatalf("%d are told", len(found))
	}
	if last := found[most-1].What; !strings.HasSuffix(last, " (and 7 more like it)") {
		t.Error(last)
	}
	for i := range found[1:] {
		if found[i].Line >= found[i+1].Line {
			t.Errorf("line %d is told before line %d", found[i].Line, found[i+1].Line)
		}
	}
}
