package registry

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// fleet is a registry that takes its versions from Redis, where gates publish them.
type fleet struct {
	*world
	secrets string
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{world: newWorld(t), secrets: t.TempDir()}
	f.restart()
	return f
}

// restart forgets all that the registry had in memory.
func (f *fleet) restart() {
	parts := f.parts()
	parts.Secrets = f.secrets
	f.registry = New(parts)
}

// version is a routes.yaml of an issuer, read as a gate reads it.
func (f *fleet) read(edits ...string) *config.Version {
	f.t.Helper()
	dir := sample.Folder(f.t)
	sample.Write(f.t, filepath.Join(dir, "routes.yaml"), strings.NewReplacer(edits...).Replace(sample.Routes))
	f.must(os.WriteFile(filepath.Join(dir, "token.pem"), testkit.KeyPEM(f.t, testkit.RSA(f.t, 1)), 0o600))
	version, err := config.Read(filepath.Join(dir, "routes.yaml"))
	f.must(err)
	return version
}

func (f *fleet) publish(id string, version *config.Version) {
	f.t.Helper()
	packed, err := version.Pack()
	f.must(err)
	_, err = f.store.Publish(f.t.Context(), store.VersionFiles(id, packed, 24*time.Hour))
	f.must(err)
}

// get asks a public route under a version.
func (f *fleet) get(route, path, version string) reply {
	f.t.Helper()
	return f.do(call{route: route, method: "GET", target: path, facts: func(p *dcrpb.Facts) { p.Version = version }})
}

func (f *fleet) discovery(version string) reply {
	f.t.Helper()
	return f.get("discovery", "/.well-known/openid-configuration", version)
}

func (f *fleet) wantUnavailable(got reply) {
	f.t.Helper()
	f.want(got, http.StatusServiceUnavailable, "temporarily_unavailable", "facts.version")
	if got.header.Get("Retry-After") != "1" {
		f.t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
}

// eventually repeats a request until it is answered with 200: what failed is remembered for a moment.
func (f *fleet) eventually(do func() reply) reply {
	f.t.Helper()
	for begun := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if got := do(); got.status == http.StatusOK {
			return got
		} else if time.Since(begun) > 10*time.Second {
			f.t.Fatalf("got %d %s", got.status, got.body)
		}
	}
}

// A registry that never saw a file decides each request by the version of the gate that let it on: by that one, or not now.
func TestEachRequestIsDecidedByItsOwnVersion(t *testing.T) {
	f := newFleet(t)
	old, next := f.read(), f.read("issuer: https://localhost:8444", "issuer: https://new.example:8444")
	f.publish(old.ID(), old)
	issuer := func(got reply) any { return got.json["issuer"] }
	if got := f.discovery(old.ID()); issuer(got) != "https://localhost:8444" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	f.wantUnavailable(f.discovery(next.ID()))
	if log := f.log.String(); !strings.Contains(log, `"outcome":"failed"`) || !strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log takes it for the client's fault: %s", log)
	}
	f.publish(next.ID(), next)
	if got := f.eventually(func() reply { return f.discovery(next.ID()) }); issuer(got) != "https://new.example:8444" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := f.discovery(old.ID()); issuer(got) != "https://localhost:8444" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	for _, none := range []string{"", "v1", strings.Repeat("0", 64), strings.ToUpper(old.ID()), old.ID() + "0", "../" + old.ID()} {
		f.wantUnavailable(f.discovery(none))
	}
}

// What Redis has lost is served from memory; what memory never had is not guessed.
func TestARegistryWithoutItsVersion(t *testing.T) {
	f := newFleet(t)
	version, other := f.read(), f.read("audiences: [bank]", "audiences: [attacker]")
	f.publish(version.ID(), version)
	f.eventually(func() reply { return f.discovery(version.ID()) })
	f.must(f.forgetVersion(version.ID()))
	if got := f.discovery(version.ID()); got.status != http.StatusOK {
		t.Errorf("from memory: %d %s", got.status, got.body)
	}
	f.restart()
	f.wantUnavailable(f.discovery(version.ID()))
	f.publish(version.ID(), other) // somebody writes other files under the name of the version
	time.Sleep(failedFor)
	f.wantUnavailable(f.discovery(version.ID()))
	if s := f.registry.Status(); s.Healthy || len(s.Versions) != 1 || !strings.Contains(s.Versions[0].Fault, "are those of version") {
		t.Errorf("the status says %+v", s)
	}
}

// However many ask at once, a version is read once.
func TestAVersionIsLoadedOnce(t *testing.T) {
	f := newFleet(t)
	version := f.read()
	var opened atomic.Int32
	f.registry.open = func(context.Context, string) (*config.Version, error) {
		opened.Add(1)
		time.Sleep(20 * time.Millisecond) // long enough for all to wait
		return version, nil
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := f.registry.edition(t.Context(), version.ID()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if opened.Load() != 1 {
		t.Errorf("read %d times", opened.Load())
	}
}

// A fault in our own code denies one version, and ends no process.
func TestAVersionThatPanics(t *testing.T) {
	f := newFleet(t)
	version := f.read()
	f.registry.open = func(context.Context, string) (*config.Version, error) { panic("secret") }
	f.wantUnavailable(f.discovery(version.ID()))
	if log := f.log.String(); strings.Contains(log, "secret") || !strings.Contains(log, "a panic with a string") {
		t.Errorf("the log says %s", log)
	}
}

// Versions are kept for an hour after somebody asked for one, and no more of them than a bounded number.
func TestVersionsAreForgotten(t *testing.T) {
	f := newFleet(t)
	version := f.read()
	now := time.Now()
	f.registry.parts.Now = func() time.Time { return now }
	f.registry.open = func(context.Context, string) (*config.Version, error) { return version, nil }
	id := func(i int) string { return fmt.Sprintf("%064x", i) }
	ask := func(i int) {
		t.Helper()
		_, err := f.registry.edition(t.Context(), id(i))
		f.must(err)
		now = now.Add(time.Second)
	}
	want := func(what string, want ...int) {
		t.Helper()
		f.registry.forget([]string{id(2)})
		for _, i := range want {
			if f.registry.editions[id(i)] == nil {
				t.Errorf("%s: version %d is forgotten", what, i)
			}
		}
		if len(f.registry.editions) != len(want) {
			t.Errorf("%s: there are %d versions", what, len(f.registry.editions))
		}
	}
	for i := range 3 {
		ask(i)
	}
	want("at first", 0, 1, 2)
	now = now.Add(keepFor - 2*time.Second)
	ask(0)
	now = now.Add(2 * time.Second)
	want("an hour later", 0, 2)
	for i := range maxEditions + 10 {
		ask(100 + i)
	}
	if f.registry.forget(nil); len(f.registry.editions) != maxEditions || f.registry.editions[id(0)] != nil || f.registry.editions[id(100+maxEditions+9)] == nil {
		t.Errorf("there are %d versions", len(f.registry.editions))
	}
	if rings := len(f.registry.parts.Rings.All()); rings != 1 {
		t.Errorf("%d rings are in use", rings)
	}
	now = now.Add(2 * keepFor)
	if f.registry.forget(nil); len(f.registry.editions)+len(f.registry.parts.Rings.All()) != 0 {
		t.Error("what nobody asks for is kept")
	}
}

// Keys that a version names are read from the registry's own folder. A missing one is reported before it is needed, keeps
// nothing from working that needs none, and works as soon as it is there.
func TestAMissingSecret(t *testing.T) {
	f := newFleet(t)
	version := f.read(`tokens: {audience: "https://localhost:8443"}`, `tokens: {audience: "https://localhost:8443", keys: [token.pem]}`)
	f.publish(version.ID(), version)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); f.registry.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for begun := time.Now(); f.registry.Status().Healthy || len(f.registry.Status().Versions) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatalf("nobody has asked, and the status says %+v", f.registry.Status())
		}
	}
	if got := f.discovery(version.ID()); got.status != http.StatusOK {
		t.Errorf("discovery: %d %s", got.status, got.body)
	}
	if got := f.get("jwks", "/oauth2/jwks", version.ID()); got.status != http.StatusServiceUnavailable {
		t.Errorf("keys: %d %s", got.status, got.body)
	}
	if log := f.log.String(); !strings.Contains(log, "there are no keys for access tokens") || !strings.Contains(log, "token.pem") {
		t.Errorf("the log says %s", log)
	}
	f.must(os.WriteFile(filepath.Join(f.secrets, "token.pem"), testkit.KeyPEM(t, testkit.RSA(t, 0)), 0o600))
	f.eventually(func() reply { return f.get("jwks", "/oauth2/jwks", version.ID()) })
	if s := f.registry.Status(); !s.Healthy {
		t.Errorf("the status says %+v", s)
	}
}

// A token of an earlier issuer is as good as ever: it can be introspected, and revoked, under the next version.
func TestTokensOfAnEarlierIssuer(t *testing.T) {
	w := newWorld(t)
	id := w.register(newSoftware(), nil)
	compact := w.newToken(id)
	next := *w.version
	file := *w.version.File
	file.Issuer, file.Tokens.Audience = "https://new.example", "https://api.new.example"
	next.File = &file
	w.version = &next
	w.registry = New(w.registry.parts) // another registry of the fleet, under the next version alone
	w.registry.open = func(context.Context, string) (*config.Version, error) { return w.version, nil }
	got := w.form("introspect", id, "token="+compact)
	if got.json["active"] != true || got.json["iss"] != issuer || got.json["aud"] != audience {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := w.form("revoke", id, "token="+compact); got.status != http.StatusOK {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if got := w.form("introspect", id, "token="+compact); got.json["active"] != false {
		t.Errorf("after its revocation: %d %s", got.status, got.body)
	}
}

// A registry that starts prepares what is there. Later it waits until gates publish no more, and a request does not wait for it.
func TestVersionsArePreparedInACalm(t *testing.T) {
	begun := time.Now()
	var c calm
	for i, look := range []struct {
		at   time.Duration
		ids  []string
		want bool
	}{
		{0, []string{"a"}, true},
		{time.Second, []string{"a"}, true},
		{2 * time.Second, []string{"b", "a"}, false},
		{3 * time.Second, []string{"b", "a"}, false},
		{3500 * time.Millisecond, []string{"c", "b", "a"}, false},
		{5 * time.Second, []string{"c", "b", "a"}, false},
		{5500 * time.Millisecond, []string{"c", "b", "a"}, true},
		{6 * time.Second, []string{"a", "b", "c"}, true},
		{7 * time.Second, []string{"d", "c", "b", "a"}, false},
	} {
		if got := c.after(look.ids, begun.Add(look.at)); got != look.want {
			t.Errorf("look %d, after %s: %v, want %v", i, look.at, got, look.want)
		}
	}
}
