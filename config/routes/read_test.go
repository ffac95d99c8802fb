package routes_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// read returns a file of testdata.
func read(t testing.TB, name string) *routes.File {
	t.Helper()
	path := filepath.Join("testdata", name)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	file, err := routes.Parse(path, text, dir)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadFillsDefaults(t *testing.T) {
	file := read(t, "routes.yaml")
	register, token, accounts := file.Route("register"), file.Route("token"), file.Route("accounts")
	registry, bank, edge := file.Upstreams["registry"], file.Upstreams["bank"], file.Edge
	for _, c := range []struct {
		name       string
		have, want any
	}{
		{"key manager", file.KeyManager, "builtin"},
		{"lifetime", file.Tokens.Lifetime, 5 * time.Minute},
		{"TLS", file.Listeners["mtls"].TLSMinimum, "1.2"},
		{"no health", bank.Health == nil && bank.TLS == nil, true},
		{"timeout of an upstream", bank.Timeout, 10 * time.Second},
		{"own timeout of an upstream", registry.Timeout, 5 * time.Second},
		{"connect timeout", bank.ConnectTimeout, 2 * time.Second},
		{"retries", bank.Retries, 0},
		{"retries of the registry", registry.Retries, 1},
		{"health of the registry", *registry.Health, routes.Health{Path: "/healthz", Interval: time.Second, Timeout: time.Second}},
		{"connections", bank.MaxConnections, 4096},
		{"requests", bank.MaxRequests, 4096},
		{"edge", edge, routes.Edge{
			HeaderTimeout: 5 * time.Second, RequestTimeout: 15 * time.Second, HandshakeTimeout: 10 * time.Second,
			IdleTimeout: 2 * time.Minute, ConnectionDuration: 15 * time.Minute, DrainTime: 10 * time.Second, HealthPath: "/healthz",
			MaxHeader: 32 << 10, MaxHeaders: 64, MaxStreams: 100, MaxConnections: 20_000, MaxMemory: 2 << 30,
		}},
		{"listener", register.Listener, "mtls"},
		{"upstream of an endpoint", register.Upstream, "registry"},
		{"timeout of the upstream", register.Timeout, 5 * time.Second},
		{"own timeout", accounts.Timeout, 700 * time.Millisecond},
		{"body limit", register.BodyLimit, routes.MaxBody},
		{"body limit of a form", token.BodyLimit, routes.Size(16 << 10)},
		{"own body limit", accounts.BodyLimit, routes.Size(512)},
		{"facts", accounts.Facts, "signed"},
		{"no plan where there is none", accounts.Plan, ""},
		{"token is kept", accounts.Token, true},
		{"token is removed", register.Token, false},
		{"needs", accounts.Needs("scope"), true},
		{"does not need", accounts.Needs("owner"), false},
		{"no such route", file.Route("nobody") == nil, true},
	} {
		if c.have != c.want {
			t.Errorf("%s: have %v, want %v", c.name, c.have, c.want)
		}
	}
}

func TestReadTakesEveryKey(t *testing.T) {
	file := read(t, "full.yaml")
	bank, payment := file.Upstreams["bank"], file.Route("payment")
	for _, c := range []struct {
		name       string
		have, want any
	}{
		{"lifetime", file.Tokens.Lifetime, 90 * time.Second},
		{"further certificate", file.Listeners["mtls"].Certificates[0], routes.Certificate{Certificate: "server.pem", Key: "server.key"}},
		{"TLS", file.Listeners["mtls"].TLSMinimum, "1.3"},
		{"address", file.Upstreams["registry"].Address[0], "unix:run/registry.sock"},
		{"second address", bank.Address[1], "bank.internal:8446"},
		{"upstream TLS", *bank.TLS, routes.UpstreamTLS{CA: "server.pem", ServerName: "bank.internal", Certificate: "server.pem", Key: "server.key"}},
		{"health", *bank.Health, routes.Health{Path: "/health?deep=1", Interval: 10 * time.Second, Timeout: 2 * time.Second}},
		{"retries of the registry", file.Upstreams["registry"].Retries, 2},
		{"rate", file.Plans["gold"].PerClient, routes.Rate{Count: 1000, Period: time.Hour}},
		{"service", *file.RateLimits, routes.RateLimitService{Address: "limits.internal:8081", Domain: "bank", Timeout: 50 * time.Millisecond}},
		{"idle timeout", file.Edge.IdleTimeout, 90 * time.Second},
		{"memory", file.Edge.MaxMemory, routes.Size(1 << 30)},
		{"default plan", file.Route("token").Plan, "default"},
		{"own plan", payment.Plan, "gold"},
		{"upload", payment.BodyLimit, routes.Size(2 << 20)},
		{"facts", payment.Facts, "headers"},
		{"role", payment.Roles[0], "PISP"},
	} {
		if c.have != c.want {
			t.Errorf("%s: have %v, want %v", c.name, c.have, c.want)
		}
	}
}

func TestReadKnowsWhereItIs(t *testing.T) {
	file := read(t, "routes.yaml")
	dir, _ := filepath.Abs("testdata")
	if have, want := file.Abs("server.pem"), filepath.Join(dir, "server.pem"); have != want {
		t.Errorf("abs: have %s, want %s", have, want)
	}
	if have := file.Abs("/etc/server.pem"); have != "/etc/server.pem" {
		t.Errorf("abs of an absolute name: have %s", have)
	}
}

func TestHas(t *testing.T) {
	file := read(t, "full.yaml")
	for where, want := range map[string]bool{
		"": true, "issuer": true, "edge.max_memory": true, "upstreams.bank.health.path": true, "upstreams.none": false,
		"upstreams.registry.connect_timeout": false, "routes[4].timeout": true, "routes[3].timeout": false, "routes[4].scopes[1]": true,
		"routes[4].scopes[2]": false, "routes[5]": false, "routes[-1]": false, "routes[x]": false, "routes.name": false, "plans[0]": false,
		"listeners.mtls.certificates[0].key": true, "nothing": false,
	} {
		if have := file.Has(where); have != want {
			t.Errorf("%q: have %v", where, have)
		}
	}
	if new(routes.File).Has("issuer") {
		t.Error("a File that was made in code says something")
	}
}

// An editor's mark at the beginning, its line ends, and the document's own marks change nothing.
func TestParseTakesEveryEditorsFiles(t *testing.T) {
	source, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := filepath.Abs("testdata")
	for name, text := range map[string][]byte{
		"byte order mark": append([]byte("\ufeff"), source...),
		"line ends":       bytes.ReplaceAll(source, []byte("\n"), []byte("\r\n")),
		"document marks":  append(append([]byte("# a comment\n---\n"), source...), "...\n# the end\n"...),
		"no last line":    bytes.TrimSpace(source),
	} {
		if _, err := routes.Parse(name, text, dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	crlf := bytes.ReplaceAll(bytes.Replace(source, []byte("token: true"), []byte("tokn: true"), 1), []byte("\n"), []byte("\r\n"))
	_, err = routes.Parse("routes.yaml", crlf, dir)
	if problem := err.(yamlfile.Problems)[0]; problem.Line != 96 || problem.Text != "    tokn: true" {
		t.Errorf("have %+v", problem)
	}
}

func TestAliasesRepeatValues(t *testing.T) {
	source, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir, _ := filepath.Abs("testdata")
	text := string(source) + `  - name: client-again
    path: /again/{ClientId}
    methods: [GET]
    checks: *owner
    profile: obie-3.3
    endpoint: registration
`
	file, err := routes.Parse("routes.yaml", []byte(text), dir)
	if err != nil {
		t.Fatal(err)
	}
	if have := strings.Join(file.Route("client-again").Checks, " "); have != "certificate bearer owner" {
		t.Errorf("have %s", have)
	}
}
