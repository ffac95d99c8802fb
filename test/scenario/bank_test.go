package scenario

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// A bank's API gets the gate's facts, one time, and nothing that a client says about itself; it does not get the token.
func bankReceives(t *testing.T, c *client) {
	token := c.token(t)
	forged := reserved(enrol(t, c.World, harness.Order{}))
	record := &recorder{}
	release := c.World.Impersonate(t, harness.Bank, record)
	for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
		sent := call{method: "GET", url: c.World.File.APIs[0].URL + "?page=2", header: forged.Clone(), protocol: protocol}
		sent.header.Set("Authorization", "Bearer "+token)
		sent.header.Set(interactionID, newUUID())
		if answer, err := c.exchange(t, sent); err != nil || answer.Status != http.StatusOK {
			t.Fatalf("%v %v", answer, err)
		}
		all := record.all()
		got := all[len(all)-1]
		checkReceived(t, got, forged)
		if ids := got.header.Values(interactionID); len(ids) != 1 || ids[0] != sent.header.Get(interactionID) {
			t.Errorf("%s: the bank gets the interaction ids %q", protocol, ids)
		}
		if got.path != strings.TrimPrefix(sent.url, c.World.MTLS()) {
			t.Errorf("%s: the bank gets the path %s", protocol, got.path)
		}
		if claims := decode(t, strings.Split(got.facts(), ".")[1]); !strings.Contains(claims, c.id) {
			t.Errorf("%s: the facts do not name the client", protocol)
		}
	}
	// What a client may not do does not reach the bank at all.
	before := len(record.all())
	for _, sent := range []call{
		{method: "GET", url: c.World.File.APIs[0].URL},
		{method: "GET", url: c.World.File.APIs[0].URL, header: bearer("x")},
		{method: "POST", url: c.World.File.APIs[0].URL, header: bearer(token)},
		{method: "GET", url: c.World.File.APIs[0].URL + "/", header: bearer(token)},
		{method: "GET", url: c.World.File.APIs[0].URL + ";x", header: bearer(token)},
		{method: "HEAD", url: c.World.File.APIs[0].URL, header: bearer(token)},
	} {
		if answer := c.do(t, sent); answer.Status < http.StatusBadRequest {
			t.Errorf("%s %s: %s", sent.method, sent.url, answer)
		}
	}
	if after := len(record.all()); after != before {
		t.Errorf("%d refused requests have reached the bank", after-before)
	}
	release()
	if err := c.World.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func checkReceived(t *testing.T, got passed, forged http.Header) {
	t.Helper()
	for name, values := range forged {
		switch {
		case strings.HasPrefix(name, "X-Dcr-"), strings.HasPrefix(name, "X-Envoy-"), strings.HasPrefix(name, "Client-Cert"), name == "X-Forwarded-Client-Cert":
			for _, value := range got.header.Values(name) {
				if value == values[0] {
					t.Errorf("the bank gets the client's own %s", name)
				}
			}
		}
	}
	for name := range got.header {
		if strings.HasPrefix(name, "X-Dcr-") && name != factsHeader {
			t.Errorf("the bank receives %s, which nobody has sent", name)
		}
	}
	if facts := got.header.Values(factsHeader); len(facts) != 1 || strings.Count(facts[0], ".") != 2 {
		t.Errorf("the bank gets %d facts, want the gate's", len(facts))
	} else {
		harness.Remember(facts[0])
	}
	if got.header.Get("Authorization") != "" {
		t.Error("the bank gets the token")
	}
	if proto := got.header.Get("X-Forwarded-Proto"); proto != "https" {
		t.Errorf("the bank learns that the client came by %q", proto)
	}
}
