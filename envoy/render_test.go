package envoy_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/envoy"
	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

var update = flag.Bool("update", false, "write testdata/envoy.yaml anew")

const golden = "testdata/envoy.yaml"

func read(t *testing.T) (*routes.File, envoy.Options) {
	t.Helper()
	file, err := routes.Read("routes/testdata/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file.Dir = "/etc/dcr-gateway" // not this machine's
	cas, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	return file, envoy.Options{
		Gate: "unix:run/gate.sock", Admin: "unix:run/envoy-admin.sock", AccessLog: "log/envoy.json", ClientCAs: cas,
	}
}

// TestRender shows every change of the rendering in a diff of testdata/envoy.yaml: `go test ./envoy -run Render -update`.
func TestRender(t *testing.T) {
	file, options := read(t)
	bootstrap, err := envoy.Render(file, options)
	if err != nil {
		t.Fatal(err)
	}
	have, err := envoy.YAML(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		writeFile(t, golden, have)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Error("the rendering is not that of " + golden)
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	file, options := read(t)
	var first []byte
	for range 5 { // maps come in another order each time
		bootstrap, err := envoy.Render(file, options)
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
	file, options := read(t)
	file.Version = "12e4567890123456" // a number, if it is not quoted
	bootstrap, err := envoy.Render(file, options)
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

func TestRenderRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*routes.File, *envoy.Options)
		want   string
	}{
		{"gate", func(_ *routes.File, o *envoy.Options) { o.Gate = "gate.sock" }, "the gate's address: must be unix:PATH or HOST:PORT"},
		{"admin over TCP", func(_ *routes.File, o *envoy.Options) { o.Admin = "127.0.0.1:9901" }, "the admin interface's address must be unix:PATH"},
		{"no access log", func(_ *routes.File, o *envoy.Options) { o.AccessLog = "" }, "the access log needs a file"},
		{"no CAs", func(_ *routes.File, o *envoy.Options) { o.ClientCAs = nil }, "the directories name no CA"},
		{"CAs that are none", func(_ *routes.File, o *envoy.Options) { o.ClientCAs = []byte("none") }, "the directories name no CA"},
		{"not UTF-8", func(f *routes.File, _ *envoy.Options) { f.Version = "\xff" }, "invalid UTF-8"},
		{"against Envoy's rules", func(f *routes.File, _ *envoy.Options) { f.Routes[0].Methods[0] = "POST\n" }, "is not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, options := read(t)
			c.change(file, &options)
			if _, err := envoy.Render(file, options); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("have %v, want %s", err, c.want)
			}
		})
	}
}

func TestRenderUpstreamByName(t *testing.T) {
	file, options := read(t)
	file.Upstreams = maps.Clone(file.Upstreams)
	file.Upstreams["bank"] = routes.Upstream{Address: "bank.internal:8080", Timeout: file.Upstreams["bank"].Timeout}
	bootstrap, err := envoy.Render(file, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, cluster := range bootstrap.GetStaticResources().GetClusters() {
		if have, want := cluster.GetType().String() == "STRICT_DNS", cluster.GetName() == "bank"; have != want {
			t.Errorf("%s is looked up in the DNS: %v", cluster.GetName(), have)
		}
	}
}
