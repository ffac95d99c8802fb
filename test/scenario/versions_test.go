package scenario

import (
	"bytes"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	tpptool "github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A client belongs to no version: one of 3.1 is read, moved on and moved back under any of its directory, each in its own
// words.
func TestVersionsShareTheirClients(t *testing.T) {
	t.Parallel()
	const method, scope = "tls_client_auth", "accounts openid"
	p := newTPP(t)
	p.follow("obie-3.1")
	ask := func(v *version, request *harness.JWT) {
		v.ask(request, p, method, scope)
		request.Claims["application_type"] = "web" // what all versions have
	}
	c := p.register(t, func(request *harness.JWT) { ask(versionOf(t, "obie-3.1"), request) })
	token := c.tokenOf(t, map[string][]string{"grant_type": {"client_credentials"}, "client_id": {c.id}})
	names := slices.DeleteFunc(profile.Names(), func(name string) bool { _, elsewhere := p.World.File.Others[name]; return elsewhere })
	signed := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "is-json" }) // whose updates are not
	for _, name := range append(signed, "obie-3.1") {
		c.follow(name)
		c.url = c.ClientURL(c.id)
		request := c.Request()
		ask(versionOf(t, name), request)
		answer := c.put(t, token, request)
		if contentType, _ := c.Sent(request); contentType == "application/json" { // the client was registered by a signed request
			metadata("immutable.signature").check(t, answer)
			continue
		}
		if answer.Status != http.StatusOK {
			t.Fatalf("%s: %s", name, answer)
		}
		for _, other := range names {
			c.follow(other)
			c.url = c.ClientURL(c.id)
			read := c.read(t, token)
			if read.Status != http.StatusOK {
				t.Fatalf("%s after %s: %s", other, name, read)
			}
			versionOf(t, other).checkForms(t, read.JSON(t), method, scope)
		}
	}
}

// The TPP's own tool speaks every version.
func TestToolSpeaksEveryVersion(t *testing.T) {
	for _, name := range profile.Names() {
		for _, method := range versionOf(t, name).dictionary["token_endpoint_auth_method"].Values {
			t.Run(name+" "+method, func(t *testing.T) { toolLife(t, name, method) })
		}
	}
}

// toolLife is a client's life as the tool leads it, with the first of the world's own TPPs.
func toolLife(t *testing.T, name, method string) {
	at, err := gateway.File.For(name)
	if err != nil {
		t.Fatal(err)
	}
	api, file := at.APIs[0], filepath.Join(t.TempDir(), "client.json")
	for _, args := range [][]string{
		{"register", "--world", gateway.Dir, "--profile", name, "--auth-method", method, "--client", file},
		{"token", "--client", file, "--scope", api.Scope},
		{"call", "--client", file, api.URL},
		{"token", "--client", file},
		{"update", "--client", file},
		{"get", "--client", file},
		{"delete", "--client", file},
	} {
		var stderr bytes.Buffer
		if err := tpptool.Command().Run(t.Context(), args, io.Discard, &stderr); err != nil {
			t.Fatalf("%s: %v: %s", args[0], err, &stderr)
		}
	}
}
