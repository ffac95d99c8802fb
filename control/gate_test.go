package control

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/extauthz"
	"github.com/dcr-gateway/dcr-gateway/extauthz/chains"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
	"github.com/dcr-gateway/dcr-gateway/test/sample"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

// newGate is a gate whose Envoy has not come yet.
func newGate(t testing.TB) (*Gate, *testkit.Log) {
	t.Helper()
	kept, _ := testbed.Store(t)
	return newGateOf(t, kept)
}

func newGateOf(t testing.TB, kept *store.Store) (*Gate, *testkit.Log) {
	t.Helper()
	log := &testkit.Log{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	signer, err := facts.NewSigner()
	must(t, err)
	gate, err := extauthz.New(extauthz.Config{Signer: signer, Log: logger, Now: time.Now})
	must(t, err)
	return NewGate(Parts{
		Gate: gate, Policies: chains.New(kept, token.NewRings(t.Context(), kept, false, logger, nil), nil), Publisher: NewPublisher(kept, signer, logger),
		Envoy: envoy.Options{Gate: "unix:gate.sock", XDS: "unix:xds.sock", AccessLog: "/dev/stdout"}, Log: logger,
	}), log
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestGateKnowsTheVersionsOfRequestsUnderWay(t *testing.T) {
	gate, _ := newGate(t)
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	var versions []string
	for _, more := range []string{"", "# two\n", ""} {
		sample.Write(t, path, sample.Routes+more)
		version := read(t, path)
		must(t, gate.Apply(t.Context(), version))
		versions = append(versions, version.ID())
	}
	var status Status
	gate.Describe(&status)
	want := slices.Compact(slices.Sorted(slices.Values(versions)))
	if !slices.Equal(status.Known, want) || len(want) != 2 || len(status.Envoys) != 0 {
		t.Errorf("known are %v, want %v", status.Known, want)
	}
}

func TestGateRefusesWhatEnvoyCannotHave(t *testing.T) {
	gate, _ := newGate(t)
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	good := read(t, path)
	must(t, gate.Apply(t.Context(), good))
	sample.Write(t, path, sample.Routes+"# two\n")
	next := read(t, path)
	sample.Write(t, filepath.Join(dir, "server.key"), slurp(t, filepath.Join(dir, "server.pem"))) // no longer valid
	if err := gate.Apply(t.Context(), next); err == nil {
		t.Error("a version became active whose certificate has no key")
	}
	var status Status
	gate.Describe(&status)
	if !slices.Equal(status.Known, []string{good.ID()}) {
		t.Errorf("known are %v, want %s alone", status.Known, good.ID())
	}
}

// Envoy may use a version before it acknowledges it, however long that takes.
func TestGateKnowsWhatEnvoyIsBeingGiven(t *testing.T) {
	gate, _ := newGate(t)
	dir := sample.Folder(t)
	path := filepath.Join(dir, "routes.yaml")
	must(t, gate.Apply(t.Context(), read(t, path)))
	sample.Write(t, path, sample.Routes+"# two\n")
	next, err := gate.prepare(t.Context(), read(t, path))
	must(t, err)
	known := func() bool {
		gate.useRevisions() // as it does now and then
		var status Status
		gate.Describe(&status)
		return slices.Contains(status.Known, next.version.ID())
	}
	if gate.setPending(next); !known() {
		t.Error("the version that Envoy is being given is forgotten")
	}
	if gate.setPending(nil); known() {
		t.Error("a version that was taken back is known")
	}
}

func TestRetire(t *testing.T) {
	now := time.Now()
	old, fresh := now.Add(-time.Hour), now.Add(-time.Second)
	cases := []struct {
		name    string
		retired []retired
		want    string
	}{
		{"none", nil, ""},
		{"Envoy has not taken a later one yet", []retired{{version: "a"}, {version: "b"}}, "a b"},
		{"requests may be under way", []retired{{version: "a", replaced: fresh}, {version: "b"}}, "a b"},
		{"no request is under way", []retired{{version: "a", replaced: old}, {version: "b", replaced: old}, {version: "c", replaced: fresh}}, "c"},
		{"all are gone", []retired{{version: "a", replaced: old}}, ""},
		{"too many", []retired{{version: "a", weight: 1}, {version: "b", weight: maxRetired - 1}, {version: "c", weight: 2}}, "c"},
		{"the last one is kept, however large", []retired{{version: "a", weight: 1}, {version: "b", weight: maxRetired + 1}}, "b"},
	}
	for _, c := range cases {
		g := &Gate{retired: c.retired}
		g.dropRetired(now)
		var left []string
		for _, e := range g.retired {
			left = append(left, e.version)
		}
		if have := strings.Join(left, " "); have != c.want {
			t.Errorf("%s: left are %q, want %q", c.name, have, c.want)
		}
	}
}

// A scrape shows when what Envoy uses ends, and when the directories' CAs do.
func TestExpiries(t *testing.T) {
	gate, _ := newGate(t)
	if none := gate.Expiries(); none != nil {
		t.Errorf("without a version: %v", none)
	}
	must(t, gate.Apply(t.Context(), read(t, filepath.Join(sample.Folder(t), "routes.yaml"))))
	var got []string
	for _, one := range gate.Expiries() {
		got = append(got, one.Kind+" "+one.Name)
		if !one.At.After(time.Now()) {
			t.Errorf("%s %s ends %v", one.Kind, one.Name, one.At)
		}
	}
	slices.Sort(got)
	if want := []string{"directory_ca openbanking-uk/obwac", "listener_certificate mtls/0", "listener_certificate public/0", "upstream_ca bank"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCertificatesThatDoNotBelongTogether(t *testing.T) {
	gate, log := newGate(t)
	dir := sample.Folder(t)
	must(t, gate.Apply(t.Context(), read(t, filepath.Join(dir, "routes.yaml"))))
	healthy := func() Status {
		gate.Changed(context.WithoutCancel(t.Context()))
		status := Status{Healthy: true}
		gate.Describe(&status)
		return status
	}
	if s := healthy(); !s.Healthy {
		t.Fatalf("at first: %s", s.Why)
	}
	right := slurp(t, filepath.Join(dir, "server.key"))
	other, err := pki.EC()
	must(t, err)
	must(t, pki.WriteKey(filepath.Join(dir, "server.key"), other))
	if s := healthy(); s.Healthy || s.Certificates == "" || !strings.Contains(s.Why, "server.key") || strings.Contains(log.String(), "PRIVATE") {
		t.Errorf("with another key: %+v", s)
	}
	sample.Write(t, filepath.Join(dir, "server.key"), right)
	if s := healthy(); !s.Healthy || s.Certificates != "" {
		t.Errorf("fixed: %s", s.Why)
	}
}
