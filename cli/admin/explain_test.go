package admin

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

func TestExplain(t *testing.T) {
	dir := sample.Folder(t)
	path := save(t, dir, "routes.yaml", `url: "https://localhost:8443"`, `url: "https://localhost:8443", server_names: [localhost, api.localhost]`,
		"routes:\n", "routes:\n  - {name: summary, path: /aisp/accounts/summary, methods: [POST], checks: [certificate, bearer], upstream: bank}\n")
	const account = `at listener mtls: route account
  path      /aisp/accounts/{AccountId} (AccountId is Ab)
  checks    certificate, then bearer, then scope, then role
  scopes    accounts
  roles     AISP
  plan      gold, 600/m of one source, 10/s of one client
  body      up to 64KiB
  upstream  bank at 127.0.0.1:8446, with TLS to core.bank.example
  timeout   4s
  receives  plain x-dcr headers, and the Authorization header
why not
  accounts  GET /aisp/accounts           it has nothing where the request has /Ab
  summary   POST /aisp/accounts/summary  it has /summary where the request has /Ab; it does not have GET
`
	for _, test := range []struct{ name, method, url, want string }{
		{"a route", "GET", "https://localhost:8443/aisp/accounts/Ab", account},
		{"another name of the listener", "GET", "https://API.localhost:8443/aisp/accounts/Ab?x=..", account},
		{"a path that Envoy mends", "GET", "https://localhost:8443/aisp//./accounts/%41b", `
  the path is read as /aisp/accounts/Ab
` + account},
		{"the address of a listener that has names", "GET", "https://127.0.0.1:8443/aisp/accounts", `
at listener mtls: 421, it is localhost, api.localhost and no other host
why not
  accounts  GET /aisp/accounts              its listener does not have this host
  account   GET /aisp/accounts/{AccountId}  it has /{AccountId} where the request has nothing; its listener does not have this host
  summary   POST /aisp/accounts/summary     it has /summary where the request has nothing; it does not have GET; its listener does not have this host
`},
		{"another method", "DELETE", "https://localhost:8443/aisp/accounts", `
at listener mtls: 405, the path is /aisp/accounts, whose methods are GET
why not
  accounts  GET /aisp/accounts              it does not have DELETE
  summary   POST /aisp/accounts/summary     it has /summary where the request has nothing; it does not have DELETE
  account   GET /aisp/accounts/{AccountId}  it has /{AccountId} where the request has nothing; it does not have DELETE
`},
		{"a path that is another's", "GET", "https://localhost:8443/aisp/accounts/summary", `
at listener mtls: 405, the path is /aisp/accounts/summary, whose methods are POST
why not
  summary   POST /aisp/accounts/summary     it does not have GET
  account   GET /aisp/accounts/{AccountId}  /aisp/accounts/summary is more specific, and a request with that path matches no other
  accounts  GET /aisp/accounts              it has nothing where the request has /summary
`},
		{"a registration", "POST", "https://localhost:8443/dcr/v3.3/register", `
at listener mtls: route register
  path      /dcr/v3.3/register
  checks    certificate, then statement
  endpoint  registration
  profile   obie-3.3
  plan      default, 100/s of one source
  body      up to 64KiB
  upstream  registry at unix:run/registry.sock
  timeout   5s
  receives  signed facts (x-dcr-facts); not the Authorization header
why not
  client  GET,DELETE /dcr/v3.3/register/{ClientId}  it has /{ClientId} where the request has nothing; it does not have POST
`},
		{"a public route, by its address", "GET", "https://127.0.0.1:8444/oauth2/jwks", `
at listener public: route jwks
  path      /oauth2/jwks
  checks    none: the route is public
  endpoint  jwks
  plan      default, 100/s of one source
  body      up to 64KiB
  upstream  registry at unix:run/registry.sock
  timeout   5s
  receives  signed facts (x-dcr-facts); not the Authorization header
`},
		{"at the other listener", "GET", "https://localhost:8444/aisp/accounts", `
at listener public: 404, no route has this path
why not
  accounts  GET /aisp/accounts              it is at listener mtls
  account   GET /aisp/accounts/{AccountId}  it has /{AccountId} where the request has nothing; it is at listener mtls
  summary   POST /aisp/accounts/summary     it has /summary where the request has nothing; it does not have GET; it is at listener mtls
`},
		{"at no listener", "GET", "https://bank.example/pisp/payment", `
  no listener is reached at bank.example:443: all are shown
at listener mtls: 404, no route has this path
at listener public: 404, no route has this path
why not
  payments  GET,POST /pisp/payments  it has /payments where the request has /payment
`},
		{"in capitals, with a slash", "GET", "/pisp/Payments/", `
  the URL names no host: all listeners are shown
at listener mtls: 404, no route has this path
at listener public: 404, no route has this path
why not
  payments  GET,POST /pisp/payments  it has /payments where the request has /Payments/
`},
		{"nothing like it", "GET", "https://localhost:8443", "at listener mtls: 404, no route has this path\n"},
		{"a path that is refused", "GET", "https://localhost:8443/pisp/payments;x=1", `
  is refused before routing: 400: the gate refuses a path with a ;
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			stdout, stderr, code := run(t, "explain", test.method, test.url, "--routes", path)
			if matches := strings.Contains(test.want, ": route "); (code == 0) != matches || code > 1 || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			head, rest, _ := strings.Cut(stdout, "\n")
			text, _, _ := run(t, "explain", test.method, test.url, "--routes", path, "--output", "json")
			var answer explanation
			ok(t, json.Unmarshal([]byte(text), &answer))
			same(t, head, fmt.Sprintf("%s %s, by routes.yaml (%s)", test.method, test.url, config.Short(answer.Version)), dir)
			same(t, rest, test.want, dir)
			if (answer.Refused != "") != strings.Contains(rest, "is refused") || (len(answer.Others) > 0) != strings.Contains(rest, "why not") {
				t.Errorf("as JSON it is %s", text)
			}
		})
	}
}

func TestExplainWrongURL(t *testing.T) {
	path := filepath.Join(sample.Folder(t), "routes.yaml")
	for url, want := range map[string]string{
		"http://localhost:8443/a": "URL must be an https URL: listeners serve only https",
		"localhost:8443/a":        "URL must begin with https:// or be a path that begins with /",
	} {
		if _, stderr, code := run(t, "explain", "GET", url, "--routes", path); code != 2 || stderr != "dcr-gateway routes explain: "+want+"\n" {
			t.Errorf("%s: code %d, %s", url, code, stderr)
		}
	}
}

// TestOthersAreFew: of many near routes the nearest ten are told.
func TestOthersAreFew(t *testing.T) {
	file := &routes.File{Listeners: map[string]routes.Listener{"a": {URL: "https://a"}}}
	for i := range 50 {
		file.Routes = append(file.Routes, routes.Route{Name: fmt.Sprint("r", i), Listener: "a", Path: fmt.Sprintf("/x/y/item%d", i), Methods: []string{"GET"}})
	}
	e := &explanation{Method: "GET", URL: "https://a/x/y/item4z"}
	ok(t, e.fill(file))
	if len(e.Others) != mostOthers || e.Others[0].Route != "r0" || e.Meets[0].Status != 404 {
		t.Errorf("%d, %+v", len(e.Others), e.Others[0])
	}
}
