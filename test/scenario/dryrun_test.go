package scenario

import (
	"maps"
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A registration and an update are tried: all is checked and answered, and nothing comes of it. The very same request
// then registers.
func TestDryRun(t *testing.T) {
	p := enrol(t, newWorld(t), harness.Order{}) // into whose Redis nobody else writes
	tried := http.Header{"Prefer": {"dry-run"}}
	request := p.Request()
	try := call{method: "POST", url: p.registration, contentType: "application/jose", body: request.Compact(), header: tried}

	before := keys(t, p.World)
	for range 2 {
		answer := p.do(t, try)
		if body := answer.JSON(t); answer.Status != http.StatusOK || answer.Header.Get("Preference-Applied") != "dry-run" || answer.Header.Get("Location") != "" ||
			body["client_id"] != nil || body["software_id"] != p.SoftwareID || body["scope"] != request.Claims["scope"] {
			t.Fatalf("%s %v", answer, body)
		}
	}
	if after := keys(t, p.World); after != before {
		t.Errorf("%d keys in Redis after trying, %d before", after, before)
	}
	bad := p.Request()
	bad.Claims["aud"] = "another"
	metadata("audience").check(t, p.do(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: bad.Compact(), header: tried}))

	try.header = nil
	registered := p.do(t, try)
	if registered.Status != http.StatusCreated || registered.Header.Get("Preference-Applied") != "" {
		t.Fatalf("the request that was tried is refused: %s", registered)
	}
	try.header = tried
	metadata("jti.replay").check(t, p.do(t, try))
	c := &client{tpp: p, id: registered.Text("client_id")}
	c.token(t) // until then an equal request gets the client
	second := p.Request()
	unfit("software.duplicate").check(t, p.do(t, call{method: "POST", url: p.registration, contentType: "application/jose", body: second.Compact(), header: tried}))
}

func TestDryRunOfAnUpdate(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	c := p.register(t, nil)
	token := c.token(t)
	header := bearer(token)
	maps.Copy(header, http.Header{"Prefer": {"handling=strict, dry-run"}})
	request := p.Request()
	request.Claims["scope"] = "openid"
	update := call{method: "PUT", url: c.url, contentType: "application/jose", body: request.Compact(), header: header}
	for range 2 {
		answer := c.do(t, update)
		if answer.Status != http.StatusOK || answer.Header.Get("Preference-Applied") != "dry-run" || answer.JSON(t)["scope"] != "openid" || answer.JSON(t)["client_id"] != c.id {
			t.Fatalf("%s", answer)
		}
	}
	if scope := c.read(t, token).JSON(t)["scope"]; scope == "openid" {
		t.Error("the client has changed")
	}
}
