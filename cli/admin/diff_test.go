package admin

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

func TestDiff(t *testing.T) {
	dir := sample.Folder(t)
	old := filepath.Join(dir, "routes.yaml")
	for _, test := range []struct {
		name    string
		replace []string
		weakens int
		want    string // after the first line
	}{
		{"nothing", nil, 0, ""},
		{"what is a default already", []string{"auth_methods: [tls_client_auth]", "auth_methods: [tls_client_auth]\nkey_manager: builtin"}, 0, ""},
		{"another order", []string{"checks: [statement, certificate]", "checks: [certificate, statement]"}, 0, ""},
		{"a route more", []string{"routes:\n", "routes:\n  - {name: funds, path: /cbpii/funds, methods: [POST], checks: [role, scope, bearer, certificate], scopes: [fundsconfirmations], roles: [CBPII], upstream: bank}\n"}, 0, `
route funds is added: POST /cbpii/funds at listener mtls, certificate, bearer, scope, role, scopes fundsconfirmations, roles CBPII, to upstream bank
`},
		{"a public route more", []string{"routes:\n", "routes:\n  - {name: open, path: /open/atms, methods: [GET], public: true, upstream: bank}\n"}, 1, `
route open is added: GET /open/atms at listener mtls, public, to upstream bank
 ! public: true (open to everyone)
`},
		{"a route less", []string{"  - {name: jwks, path: /oauth2/jwks, methods: [GET], listener: public, public: true, endpoint: jwks}\n", ""}, 0, `
route jwks is removed: GET /oauth2/jwks at listener public, public, to upstream registry
`},
		{"another name", []string{"name: jwks", "name: keys"}, 0, `
route keys is changed
   name: jwks -> keys
`},
		{"a check less", []string{"checks: [certificate, bearer, scope, role], scopes: [accounts], roles: [AISP]", "checks: [certificate, bearer, scope], scopes: [accounts]"}, 1, `
route account is changed
 ! checks removed: role (requests pass without this check)
 ! roles removed: AISP (software products without this role pass)
`},
		{"a check more", []string{"checks: [certificate, bearer, scope], scopes: [payments]", "checks: [certificate, bearer, scope, role], roles: [PISP], scopes: [payments]"}, 0, `
route payments is changed
   checks added: role
   roles added: PISP
`},
		{"a scope for another", []string{"scopes: [payments]", "scopes: [accounts]"}, 1, `
route payments is changed
   scopes added: accounts
 ! scopes removed: payments (tokens without this scope pass)
`},
		{"a route made public", []string{
			"checks: [certificate, bearer, scope], scopes: [payments]", "public: true"}, 1, `
route payments is changed
 ! checks removed: certificate, bearer, scope (requests pass without this check)
 ! public: false -> true (open to everyone)
 ! scopes removed: payments (tokens without this scope pass)
`},
		{"another name, and a check less", []string{"name: accounts, path: /aisp/accounts, methods: [GET], checks: [certificate, bearer, scope], scopes: [accounts]",
			"name: list, path: /aisp/accounts, methods: [GET], checks: [certificate, bearer]"}, 1, `
route list is changed
   name: accounts -> list
 ! checks removed: scope (requests pass without this check)
 ! scopes removed: accounts (tokens without this scope pass)
`},
		{"two routes of one", []string{"  - {name: payments, path: /pisp/payments, methods: [GET, POST]",
			"  - {name: read, path: /pisp/payments, methods: [GET], checks: [certificate, bearer], upstream: bank, body_limit: 1MiB, timeout: 90s}\n" +
				"  - {name: payments, path: /pisp/payments, methods: [POST]"}, 1, `
route read is changed
   name: payments -> read
   methods removed: POST
 ! checks removed: scope (requests pass without this check)
 ! scopes removed: payments (tokens without this scope pass)
route payments is changed
   methods removed: GET
`},
		{"a method less", []string{"name: client, path: \"/dcr/v3.3/register/{ClientId}\", methods: [GET, DELETE]", "name: client, path: \"/dcr/v3.3/register/{ClientId}\", methods: [GET]"}, 0, `
route client is changed
   methods removed: DELETE
`},
		{"another place", []string{"path: /pisp/payments", "path: /v4/pisp/payments"}, 0, `
route payments is changed
   path: /pisp/payments -> /v4/pisp/payments
`},
		{"the rest of a route", []string{"upstream: bank, body_limit: 1MiB, timeout: 90s", "upstream: bank, plan: gold, facts: none, token: true"}, 1, `
route payments is changed
   body_limit: 1MiB -> 64KiB
   timeout: 90s -> 4s
   plan: default -> gold
 ! facts: signed -> none (the upstream receives no signed facts about the client)
 ! token: false -> true (access tokens go to the upstream)
`},
		{"plans", []string{"  default: {per_source: 100/s}\n  gold: {per_source: 600/m, per_client: 10/s}", "  gold: {per_source: 600/m}\n  new: {per_client: 5/m}"}, 8, `
plan default is removed: per_source 100/s
plan gold is changed
 ! per_client: no longer 10/s (a limit is removed)
plan new is added: per_client 5/m
route register is changed
 ! plan: no longer default (no rate limit applies)
route client is changed
 ! plan: no longer default (no rate limit applies)
route jwks is changed
 ! plan: no longer default (no rate limit applies)
route accounts is changed
 ! plan: no longer default (no rate limit applies)
route payments is changed
 ! plan: no longer default (no rate limit applies)
route token is changed
 ! plan: no longer default (no rate limit applies)
route discovery is changed
 ! plan: no longer default (no rate limit applies)
`},
		{"listeners", []string{`https://localhost:8443", certificate: server.pem, key: server.key, client_certificate: required`,
			`https://localhost:8443", certificate: server.pem, key: server.key, client_certificate: required, tls_minimum: "1.3", server_names: [localhost]`}, 0, `
listener mtls is changed
   server_names added: localhost
   tls_minimum: 1.2 -> 1.3
`},
		{"upstreams", []string{`timeout: 4s, tls: {ca: ca.pem, server_name: core.bank.example}`, `timeout: 4s, retries: 2, health: {path: /h}`}, 1, `
upstream bank is changed
 ! tls.ca: no longer ca.pem (the connection to the upstream is not protected)
   tls.server_name: no longer core.bank.example
   retries: 0 -> 2
   health.path: /h
   health.interval: 5s
   health.timeout: 1s
`},
		{"the edge and the file", []string{"tokens: {audience: \"https://localhost:8443\"}", "tokens: {audience: \"https://localhost:8443\", lifetime: 1m}\nedge: {max_headers: 50, max_memory: 1GiB}\nrate_limit_service: {address: \"unix:rls.sock\"}"}, 0, `
file is changed
   tokens.lifetime: 5m -> 1m
rate_limit_service is changed
   address: unix:rls.sock
   domain: dcr-gateway
   timeout: 100ms
edge is changed
   max_headers: 64 -> 50
   max_memory: 2GiB -> 1GiB
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := save(t, dir, "new.yaml", test.replace...)
			stdout, stderr, code := run(t, "diff", old, next)
			if code != 0 || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			var answer difference
			text, _, _ := run(t, "diff", "--output", "json", old, next)
			ok(t, json.Unmarshal([]byte(text), &answer))
			head, rest, _ := strings.Cut(stdout, "\n")
			same(t, head, headOf(&answer), dir)
			if answer.Weakens != test.weakens {
				t.Errorf("%d changes protect less", answer.Weakens)
			}
			same(t, rest, test.want, dir)
			if answer.text() != stdout {
				t.Errorf("as JSON it is %s", text)
			}
		})
	}
}

func headOf(d *difference) string {
	head := fmt.Sprintf("routes.yaml (%s) -> new.yaml (%s): ", config.Short(d.Old.Version), config.Short(d.New.Version))
	switch {
	case len(d.Changes) == 0:
		return head + "nothing changes"
	case d.Weakens == 0:
		return head + count(len(d.Changes), "change") + ", none protecting less than before"
	}
	return head + fmt.Sprintf("%s, %d PROTECTING LESS THAN BEFORE", count(len(d.Changes), "change"), d.Weakens)
}

// A file of another day is compared where it lies.
func TestDiffOfFilesWithoutWhatTheyName(t *testing.T) {
	dir, elsewhere := sample.Folder(t), t.TempDir()
	old := save(t, elsewhere, "old.yaml")
	stdout, stderr, code := run(t, "diff", old, filepath.Join(dir, "routes.yaml"))
	if code != 0 || stderr != "" || !strings.HasPrefix(stdout, old+" -> "+filepath.Join(dir, "routes.yaml")+" (") || !strings.Contains(stdout, "): nothing changes\n") || !strings.Contains(stdout, "were not compared") {
		t.Errorf("%d %q %q", code, stdout, stderr)
	}
	broken := save(t, elsewhere, "broken.yaml", "scopes: [payments]", "scoops: [payments]")
	if _, stderr, code := run(t, "diff", old, broken); code != 1 || !strings.Contains(stderr, "did you mean scopes?") {
		t.Errorf("%d %q", code, stderr)
	}
}

// TestDiffOfWhatIsIncluded: a directory, a profile and a CA loosen as much as routes.yaml does, and a pipeline can stop it.
func TestDiffOfWhatIsIncluded(t *testing.T) {
	old, next := sample.Folder(t), sample.Folder(t)
	path := func(dir string) string { return filepath.Join(dir, "routes.yaml") }
	edit := func(name, from, to string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(next, name))
		ok(t, err)
		if !strings.Contains(string(text), from) {
			t.Fatalf("%s lacks %s", name, from)
		}
		sample.Write(t, filepath.Join(next, name), strings.Replace(string(text), from, to, 1))
	}
	for _, dir := range []string{old, next} { // both have the files, and the old one does not name the second directory
		sample.Write(t, filepath.Join(dir, "profile.yaml"), "extends: obie-3.3\nname: our-bank\nclients: {duplicates: reject}\n")
		text, err := os.ReadFile(path(dir))
		ok(t, err)
		sample.Write(t, path(dir), strings.Replace(string(text), "auth_methods:", "profiles: [profile.yaml]\nauth_methods:", 1))
		ca, err := os.ReadFile(filepath.Join(old, "ca.pem"))
		ok(t, err)
		sample.Write(t, filepath.Join(dir, "ca.pem"), string(ca))
	}
	if stdout, _, code := run(t, "diff", "--fail-on-weaker", path(old), path(next)); code != 0 || !strings.Contains(stdout, "nothing changes") {
		t.Fatalf("code %d, %s", code, stdout)
	}
	edit("profile.yaml", "clients: {duplicates: reject}", "clients: {duplicates: allow}\nunknown_scopes: drop")
	other, err := os.ReadFile(filepath.Join(sample.Folder(t), "ca.pem"))
	ok(t, err)
	ca, err := os.ReadFile(filepath.Join(next, "ca.pem"))
	ok(t, err)
	sample.Write(t, filepath.Join(next, "ca.pem"), string(ca)+string(other))
	edit("directory.yaml", "extends:", "outage: 24h\nextends:")
	directory := sample.Directory
	directory = strings.Replace(directory, "name: ", "name: second-", 1)
	directory = strings.Replace(directory, "extends: openbanking-uk", "extends: openbanking-uk-sandbox", 1)
	sample.Write(t, filepath.Join(next, "second.yaml"), directory)
	edit("routes.yaml", "directories: [directory.yaml]", "directories: [directory.yaml, second.yaml]")
	stdout, stderr, code := run(t, "diff", "--fail-on-weaker", path(old), path(next))
	if code != 1 || stderr != "" {
		t.Errorf("code %d, %s%s", code, stdout, stderr)
	}
	for _, want := range []string{
		"software of another directory may register, with certificates of its CAs", " ! ca added: CN=",
		"clients.duplicates: reject -> allow (a software product may register again)", "unknown_scopes: drop (requests with unknown scopes are accepted)",
		"outage: 24h (older keys, and keys revoked since, are accepted for longer",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if _, _, code := run(t, "diff", path(old), path(next)); code != 0 {
		t.Errorf("without the flag: code %d", code)
	}
	if stdout, _, code := run(t, "diff", "--fail-on-weaker", save(t, t.TempDir(), "old.yaml"), path(next)); code != 1 || !strings.Contains(stdout, "were not compared") {
		t.Errorf("what cannot be compared: code %d, %s", code, stdout)
	}
}

// TestOneRouteOfTwo: a route that takes the place of two and keeps the checks of one is found out.
func TestOneRouteOfTwo(t *testing.T) {
	dir := sample.Folder(t)
	two := "name: read, path: /pisp/payments, methods: [GET], checks: [certificate, bearer], upstream: bank, body_limit: 1MiB, timeout: 90s}\n  - {name: payments, path: /pisp/payments, methods: [POST]"
	old := save(t, dir, "routes.yaml", "name: payments, path: /pisp/payments, methods: [GET, POST]", two)
	next := save(t, dir, "new.yaml", "name: payments, path: /pisp/payments, methods: [GET, POST], checks: [certificate, bearer, scope], scopes: [payments]",
		"name: read, path: /pisp/payments, methods: [GET, POST], checks: [certificate, bearer]")
	stdout, _, _ := run(t, "diff", old, next)
	_, rest, _ := strings.Cut(stdout, "\n")
	same(t, rest, `
route read is changed
   methods added: POST
 ! checks removed: scope (requests pass without this check, as route payments did not)
 ! scopes removed: payments (tokens without this scope pass, as route payments did not)
`, dir)
}

func TestWeakens(t *testing.T) {
	const older = "older keys, and keys revoked since, are accepted for longer while the directory cannot be reached"
	for _, test := range []struct {
		part string
		d    detail
		want string
	}{
		{"listener", detail{Key: "client_certificate", Old: "required", New: "none"}, "clients need no certificate"},
		{"listener", detail{Key: "client_certificate", Old: "none", New: "required"}, ""},
		{"listener", detail{Key: "tls_minimum", Old: "1.3", New: "1.2"}, "an older TLS version is accepted"},
		{"listener", detail{Key: "tls_minimum", Old: "1.2", New: "1.3"}, ""},
		{"listener", detail{Key: "server_names", Old: "a, b", Removed: []string{"a", "b"}}, "every server name is served"},
		{"listener", detail{Key: "server_names", Old: "a, b", New: "a", Removed: []string{"b"}}, ""},
		{"plan", detail{Key: "per_source", Old: "1/s"}, "a limit is removed"},
		{"plan", detail{Key: "per_source", Old: "1/s", New: "2/s"}, "more requests are let through"},
		{"plan", detail{Key: "per_source", Old: "2/s", New: "100/m"}, ""},
		{"route", detail{Key: "body_limit", Old: "64KiB", New: "1MiB"}, "larger bodies are accepted"},
		{"route", detail{Key: "body_limit", Old: "1MiB", New: "64KiB"}, ""},
		{"route", detail{Key: "directories", New: "uk", Added: []string{"uk"}}, ""},
		{"route", detail{Key: "directories", Old: "uk", New: "uk, cdr", Added: []string{"cdr"}}, "software of this directory may register"},
		{"file", detail{Key: "tokens.lifetime", Old: "5m", New: "24h"}, "a stolen token is good for longer"},
		{"file", detail{Key: "audiences", Old: "a", New: "a, b", Added: []string{"b"}}, "requests made for this audience are accepted"},
		{"edge", detail{Key: "connection_duration", Old: "15m", New: "24h"}, "certificates are verified again later"},
		{"profile", detail{Key: "clients.duplicates", Old: "reject", New: "return-existing"}, "a software product may register again"},
		{"profile", detail{Key: "unknown_scopes", Old: "refuse", New: "drop"}, "requests with unknown scopes are accepted"},
		{"profile", detail{Key: "members.aud.values", New: "a", Added: []string{"a"}}, ""},
		{"directory", detail{Key: "private_addresses", New: "10.0.0.0/8", Added: []string{"10.0.0.0/8"}}, "the gateway connects to this address"},
		{"directory", detail{Key: "outage", Old: "10m", New: "24h"}, older},
		{"directory", detail{Key: "outage", New: "30m"}, older}, // of sets of revoked keys: 5m before
		{"directory", detail{Key: "outage", Old: "10m"}, older}, // of key sets: an hour now
		{"directory", detail{Key: "outage", Old: "24h", New: "10m"}, ""},
		{"directory", detail{Key: "outage", New: "1m"}, ""},
		{"rate_limit_service", detail{Key: "address", Old: "unix:a"}, "no limit applies to the whole fleet"},
		{"route", detail{Key: "public", Old: "true", New: "false"}, ""},
		{"route", detail{Key: "plan", New: "gold"}, ""},
		{"route", detail{Key: "checks", Added: []string{"role"}}, ""},
		{"upstream", detail{Key: "tls.ca", Old: "a", New: "b"}, ""},
	} {
		if have := weakens(test.part, test.d); have != test.want {
			t.Errorf("%s %+v: have %q, want %q", test.part, test.d, have, test.want)
		}
	}
}

// TestFieldsAreAll: no key of the model is left out of a comparison.
func TestFieldsAreAll(t *testing.T) {
	for _, test := range []struct {
		part any
		want string
	}{
		{routes.Plan{}, "per_source per_client"},
		{routes.Listener{Certificates: make([]routes.Certificate, 1)}, "address url server_names certificate key certificates[0].certificate certificates[0].key client_certificate tls_minimum"},
		{(*routes.RateLimitService)(nil), "address domain timeout"},
		{routes.Upstream{}, "address tls.ca tls.server_name tls.certificate tls.key host timeout connect_timeout retries health.path health.interval health.timeout strip_headers max_connections max_requests"},
		{routes.Route{}, "name listener path methods checks public dry_run unsigned_requests profile directories audiences scopes roles users endpoint upstream body_limit timeout plan facts token"},
	} {
		var keys []string
		for _, f := range fieldsOf(test.part) {
			keys = append(keys, f.key)
		}
		if have := strings.Join(keys, " "); have != test.want {
			t.Errorf("%T: have %s, want %s", test.part, have, test.want)
		}
	}
}
