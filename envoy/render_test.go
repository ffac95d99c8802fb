package envoy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	"github.com/goccy/go-yaml"
	"google.golang.org/protobuf/proto"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// input is what the golden files are made of.
type input struct {
	file    *routes.File
	options envoy.Options
	cas     []byte
}

func read(t testing.TB) *input {
	t.Helper()
	source, err := os.ReadFile("testdata/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"directory.yaml", "api.pem", "api.key", "auth.pem", "auth.key", "public.pem", "public.key",
		"internal-ca.pem", "gateway.pem", "gateway.key"} { // that they are there is enough: nothing reads them
		writeFile(t, filepath.Join(dir, name), nil)
	}
	file, err := routes.Parse("routes.yaml", source, dir)
	if err != nil {
		t.Fatal(err)
	}
	file.Dir, file.Version = "/etc/dcr-gateway", "0123456789abcdef"
	cas, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	return &input{file, envoy.Options{
		Gate: "unix:run/gate.sock", XDS: "unix:run/xds.sock", Admin: "unix:run/envoy-admin.sock", AccessLog: "log/envoy.json",
	}, cas}
}

func (i *input) render() (*bootstrapv3.Bootstrap, error) {
	return envoy.Render(i.file, i.options, i.cas)
}

func (i *input) bootstrap() (*bootstrapv3.Bootstrap, error) {
	return envoy.Bootstrap(i.file, i.options)
}

// TestGolden shows every change of what is rendered in a diff of the golden files: `go test ./envoy -run Golden -update`.
func TestGolden(t *testing.T) {
	i := read(t)
	for _, c := range []struct {
		golden string
		make   func() (*bootstrapv3.Bootstrap, error)
	}{
		{"testdata/envoy.yaml", i.render},
		{"testdata/bootstrap.yaml", i.bootstrap},
	} {
		bootstrap, err := c.make()
		if err != nil {
			t.Fatal(err)
		}
		have, err := envoy.YAML(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			writeFile(t, c.golden, have)
		}
		want, err := os.ReadFile(c.golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Error("the rendering is not that of " + c.golden)
		}
	}
}

// TestListenOn: of several Envoys with one routes.yaml each has its own addresses, and nothing else differs.
func TestListenOn(t *testing.T) {
	render := func(flags ...string) (*bootstrapv3.Bootstrap, error) {
		i := read(t)
		for _, flag := range flags {
			if err := i.options.AddListenOn(flag); err != nil {
				return nil, err
			}
		}
		return i.render()
	}
	first, err := render()
	if err != nil {
		t.Fatal(err)
	}
	second, err := render("mtls=127.0.0.7:9443", "public=[::1]:9444")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"mtls": "127.0.0.7:9443", "public": "[::1]:9444"}
	for i, listener := range second.GetStaticResources().GetListeners() {
		original := first.GetStaticResources().GetListeners()[i]
		address := listener.GetAddress().GetSocketAddress()
		have := net.JoinHostPort(address.GetAddress(), fmt.Sprint(address.GetPortValue()))
		if own, given := want[listener.GetName()]; given && have != own || !given && !proto.Equal(listener, original) {
			t.Errorf("%s listens on %s, want %q", listener.GetName(), have, own)
		}
		listener.Address = original.GetAddress()
	}
	if !proto.Equal(first, second) {
		t.Error("more differs than the addresses")
	}
	for flag, want := range map[string]string{
		"none=127.0.0.1:9443": "which routes.yaml does not have", "mtls=localhost:9443": "must be NAME=IP:PORT",
		"mtls": "must be NAME=IP:PORT", "=127.0.0.1:9443": "must be NAME=IP:PORT", "mtls=127.0.0.1:0": "must be NAME=IP:PORT",
	} {
		if _, err := render(flag); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", flag, err, want)
		}
	}
	if _, err := render("mtls=127.0.0.1:1", "mtls=127.0.0.1:2"); err == nil {
		t.Error("a listener has two addresses")
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	var first []byte
	for range 5 { // maps come in another order each time
		bootstrap, err := read(t).render()
		if err != nil {
			t.Fatal(err)
		}
		document, err := envoy.JSON(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = document
		}
		if !bytes.Equal(document, first) {
			t.Fatal("two renderings of one file differ")
		}
	}
}

func TestYAMLSaysWhatJSONSays(t *testing.T) {
	i := read(t)
	i.file.Version = "12e4567890123456" // a number, if it is not quoted
	bootstrap, err := i.render()
	if err != nil {
		t.Fatal(err)
	}
	inJSON, errJSON := envoy.JSON(bootstrap)
	inYAML, errYAML := envoy.YAML(bootstrap)
	if errJSON != nil || errYAML != nil {
		t.Fatal(errJSON, errYAML)
	}
	back, err := yaml.YAMLToJSON(inYAML)
	if err != nil {
		t.Fatal(err)
	}
	if have, want := compact(t, back), compact(t, inJSON); have != want {
		t.Errorf("have %s\nwant %s", have, want)
	}
}

// compact writes a JSON document without spaces, its members sorted.
func compact(t *testing.T, document []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name                  string
		change                func(*input)
		render, boot, dynamic string // who refuses, and why
	}{
		{"no access log", func(i *input) { i.options.AccessLog = "" }, "Path", "", "Path"},
		{"no CAs", func(i *input) { i.cas = nil }, "holds no certificate in PEM form", "", ""},
		{"invalid CAs", func(i *input) { i.cas = []byte("none") }, "holds no certificate in PEM form", "", ""},
		{"not UTF-8", func(i *input) { i.file.Version = "\xff" }, "invalid UTF-8", "", "invalid UTF-8"},
		{"a route against Envoy's rules", func(i *input) { i.file.Routes[0].BodyLimit = 0 }, "is not valid", "", "is not valid"},
		{"an upstream against Envoy's rules", func(i *input) { i.change("payments", func(u *routes.Upstream) { u.Host = "a\n" }) }, "is not valid", "", "is not valid"},
		{"a socket and a name", func(i *input) {
			i.change("payments", func(u *routes.Upstream) { u.Address = append(u.Address, "unix:a") })
		}, "cannot have both", "", "cannot have both"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := read(t)
			c.change(i)
			_, rendered := i.render()
			_, booted := i.bootstrap()
			_, translated := envoy.Translate(i.file, i.options)
			for _, refusal := range []struct {
				have error
				want string
			}{{rendered, c.render}, {booted, c.boot}, {translated, c.dynamic}} {
				if (refusal.have == nil) != (refusal.want == "") || refusal.have != nil && !strings.Contains(refusal.have.Error(), refusal.want) {
					t.Errorf("have %v, want %s", refusal.have, refusal.want)
				}
			}
		})
	}
}

func (i *input) change(upstream string, change func(*routes.Upstream)) {
	u := i.file.Upstreams[upstream]
	change(&u)
	i.file.Upstreams[upstream] = u
}
