package scenario

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	provider "github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A client belongs to no version: one of 3.1 is read, moved on and moved back under any, each in its own words.
func TestVersionsShareTheirClients(t *testing.T) {
	t.Parallel()
	const method, scope = "tls_client_auth", "accounts openid"
	p := newTPP(t)
	p.registration = p.World.RegistrationURL("obie-3.1")
	ask := func(v *version, request *harness.JWT) {
		v.ask(request, p, method, scope)
		request.Claims["application_type"] = "web" // what all versions have
	}
	c := p.register(t, func(request *harness.JWT) { ask(versionOf(t, "obie-3.1"), request) })
	token := c.tokenOf(t, map[string][]string{"grant_type": {"client_credentials"}, "client_id": {c.id}})
	for _, name := range append(profile.Names(), "obie-3.1") {
		c.url = p.World.RegistrationURL(name) + "/" + c.id
		request := c.Request()
		ask(versionOf(t, name), request)
		if answer := c.put(t, token, request); answer.Status != http.StatusOK {
			t.Fatalf("%s: %s", name, answer)
		}
		for _, other := range profile.Names() {
			c.url = p.World.RegistrationURL(other) + "/" + c.id
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
		for _, method := range []string{provider.PrivateKeyJWT, provider.TLSClientAuth} {
			t.Run(name+" "+method, func(t *testing.T) { toolLife(t, name, method) })
		}
	}
}

// toolLife is a client's life as the tool leads it, with the first of the world's own TPPs.
func toolLife(t *testing.T, name, method string) {
	c, err := provider.OpenInWorld(gateway.Dir, gateway.File, 0)
	if err != nil {
		t.Fatal(err)
	}
	c.Profile, c.AuthMethod, c.Registration = name, method, gateway.RegistrationURL(name)
	for _, step := range []struct {
		verb string
		make func() (*provider.Request, error)
		keep func(*provider.Answer) error
		want int
	}{
		{"register", func() (*provider.Request, error) { return c.Register(provider.Ask{}) }, c.Registered, http.StatusCreated},
		{"token", func() (*provider.Request, error) { return c.TokenRequest("accounts") }, c.Granted, http.StatusOK},
		{"call", func() (*provider.Request, error) { return c.Call(http.MethodGet, gateway.File.APIs[0].URL) }, nil, http.StatusOK},
		{"update", func() (*provider.Request, error) { return c.Update(provider.Ask{Scope: "accounts"}) }, nil, http.StatusOK},
		{"get", c.Read, nil, http.StatusOK},
		{"delete", c.Delete, nil, http.StatusNoContent},
	} {
		request, err := step.make()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Send(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != step.want {
			t.Fatalf("%s: %s: %s", step.verb, answer.StatusText(), fmt.Sprint(answer.Refusal()))
		}
		if step.keep == nil {
			continue
		}
		if err := step.keep(answer); err != nil {
			t.Fatalf("%s: %v", step.verb, err)
		}
	}
}
