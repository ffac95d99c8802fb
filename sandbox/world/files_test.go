package world

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	dcrDirectory "github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	shipped "github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// written is a world's files, as they are before anything starts.
func written(t *testing.T, profile string) Options {
	t.Helper()
	o := Options{Dir: t.TempDir(), Executable: "/usr/bin/dcr-gateway", Port: 20000, Profile: profile, AuthMethods: []string{"tls_client_auth"}}
	if err := prepare(o.Dir, o.gateways()); err != nil {
		t.Fatal(err)
	}
	own, _ := profileNamed(profile)
	frameworks, err := mint(o.Dir, o.ports(), own.dialect())
	if err != nil {
		t.Fatal(err)
	}
	w := describe(o, frameworks)
	if err := configure(o, w, frameworks); err != nil {
		t.Fatal(err)
	}
	w.Processes = processes(o, w, "/usr/bin/envoy")
	if err := publish(w, o.Dir); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFiles(t *testing.T) {
	o := written(t, "obie-3.2")
	t.Run("routes.yaml is good, and serves every profile that is shipped", func(t *testing.T) {
		version, err := config.Read(filepath.Join(o.Dir, routesFile))
		if err != nil {
			t.Fatal(err)
		}
		file := version.File
		paths := map[string]string{
			"obie-3.1": "/open-banking/v3.1/register", "obie-3.2": "/open-banking/v3.2/register", "obie-3.3": "/open-banking/v3.3/register",
			"obie-3.4": "/open-banking/v3.4/register", "generic-0.1": "/open-banking/0.1/register",
			"is-json": "/api/identity/oauth2/dcr/v1.1/register/", "cdr-au": "/cds-au/v1/register",
		}
		want := map[string]string{}
		for _, name := range shipped.Names() {
			prefix := strings.ReplaceAll(name, ".", "-") + "-"
			if name == o.Profile { // the world's own has the plain names
				prefix = ""
			}
			want[prefix+"register"] = paths[name]
			want[prefix+"client"] = strings.TrimSuffix(paths[name], "/") + "/{ClientId}"
			want[prefix+"client-update"] = want[prefix+"client"]
		}
		for _, route := range file.Routes {
			if path, ok := want[route.Name]; ok && route.Path == path {
				delete(want, route.Name)
				wantOwn(t, file, route)
			}
		}
		if len(want) > 0 {
			t.Errorf("no such routes: %v", want)
		}
		if !slices.Equal(file.AuthMethods, o.AuthMethods) {
			t.Errorf("auth_methods are %v", file.AuthMethods)
		}
	})
	t.Run("the directories' files are good", func(t *testing.T) {
		for _, name := range []string{directoryFile, cdrFile} {
			if _, err := dcrDirectory.Load(filepath.Join(o.Dir, name)); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("private keys are their owner's only", func(t *testing.T) {
		keys := 0
		err := filepath.WalkDir(o.Dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".key") {
				return err
			}
			keys++
			info, err := entry.Info()
			if err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return err
		})
		// Four of each framework, two of each of four TPPs, and two of servers.
		if err != nil || keys != 18 {
			t.Errorf("%d keys, want 18 (%v)", keys, err)
		}
	})
	t.Run("world.json keeps its contract", func(t *testing.T) { wantContract(t, o) })
}

// wantOwn checks what the routes of some profiles have that those of the others have not.
func wantOwn(t *testing.T, file *routes.File, route routes.Route) {
	t.Helper()
	// In Australia aud is the data holder's issuer; elsewhere it is the bank's id in the directory. One is not the other's.
	if aud, issuer := file.Audiences, route.Profile == "cdr-au"; route.Needs("statement") {
		if len(route.Audiences) > 0 {
			aud = route.Audiences
		}
		if len(aud) != 1 || issuer != (aud[0] == file.Issuer) {
			t.Errorf("%s has the audiences %v", route.Name, aud)
		}
	}
	manages := route.Profile == "cdr-au" && route.Needs("bearer")
	if route.Needs("scope") != manages || manages != slices.Equal(route.Scopes, []string{"cdr:registration"}) {
		t.Errorf("%s has the scopes %v", route.Name, route.Scopes)
	}
	if unsigned := route.Profile == "is-json" && route.Needs("statement"); route.Unsigned != unsigned {
		t.Errorf("%s takes unsigned requests: %v", route.Name, route.Unsigned)
	}
}

// contract lists the members that clients written elsewhere rely on.
var contract = map[string][]string{
	"": {"profile", "issuer", "audience", "discovery", "registration_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri",
		"apis", "server_ca", "routes", "tpps", "directory", "redis", "internal", "logs", "processes", "registration_endpoints", "worlds", "fleet"},
	"fleet/0":   {"registration_endpoint", "token_endpoint", "revocation_endpoint", "introspection_endpoint", "apis"},
	"apis/0":    {"url", "method", "scope"},
	"tpps/0":    {"org_id", "software_id", "roles", "redirect_uris", "transport_cert", "transport_key", "signing_key", "signing_kid", "jwks_url", "jwks_file", "ssa"},
	"directory": {"issuer", "file", "ssa_jwks", "api", "jwks_url", "ca", "ssa_signing_key", "ssa_kid", "root_ca", "issuing_ca_cert", "issuing_ca_key"},
	"internal":  {"gate", "registry", "envoy_admin"},
	"logs":      {"gate", "registry", "envoy"},
	"processes": {"envoy", "gate", "registry", "redis", "directory", "bank"},

	"processes/gate": {"pid", "argv", "env", "dir"},
}

func wantContract(t *testing.T, o Options) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.Dir, "world.json"))
	if err != nil {
		t.Fatal(err)
	}
	var world any
	if err := json.Unmarshal(text, &world); err != nil {
		t.Fatal(err)
	}
	for pointer, names := range contract {
		object, _ := find(world, pointer).(map[string]any)
		for _, name := range names {
			if value, ok := object[name]; !ok || value == "" || value == nil {
				t.Errorf("%s/%s is missing", pointer, name)
			}
		}
	}
	for _, path := range []string{"server_ca", "routes", "tpps/2/transport_cert", "tpps/2/transport_key", "tpps/2/signing_key", "tpps/2/ssa", "directory/ca",
		"directory/ssa_signing_key", "directory/root_ca", "directory/issuing_ca_cert", "directory/issuing_ca_key"} {
		name, _ := find(world, path).(string)
		if _, err := os.Stat(filepath.Join(o.Dir, name)); err != nil || filepath.IsAbs(name) {
			t.Errorf("%s: no file %q relative to the world (%v)", path, name, err)
		}
	}
	first, second, third := find(world, "tpps/0/org_id"), find(world, "tpps/1/org_id"), find(world, "tpps/2/org_id")
	if first != second || first == third {
		t.Error("want two software products of the first organisation, and one of another")
	}
	if got := find(world, "registration_endpoint"); got != "https://127.0.0.1:20000/open-banking/v3.2/register" {
		t.Errorf("the registration endpoint is %v", got)
	}
}

// find follows a JSON pointer without its first slash.
func find(value any, pointer string) any {
	for name := range strings.SplitSeq(pointer, "/") {
		switch inner := value.(type) {
		case map[string]any:
			if name != "" {
				value = inner[name]
			}
		case []any:
			value = inner[int(name[0]-'0')]
		}
	}
	return value
}

func TestRedisProcess(t *testing.T) {
	o := Options{Executable: "/usr/bin/dcr-gateway", Port: 20000}
	t.Setenv("PATH", t.TempDir())
	process := redisProcess(o, o.ports())
	if got := strings.Join(process.Argv, " "); got != "/usr/bin/dcr-gateway sandbox-store --listen 127.0.0.1:20004" {
		t.Errorf("without a redis-server: %s", got)
	}
	if !strings.Contains(storeNote(process), "forgets all") {
		t.Error("nobody is told that the store is volatile")
	}
	o.Redis = "redis://127.0.0.1:1/0"
	if _, started := processes(o, &worldfile.World{Fleet: make([]worldfile.Gateway, 1)}, "envoy")[redisPart]; started {
		t.Error("a Redis is started although one is named")
	}
}
