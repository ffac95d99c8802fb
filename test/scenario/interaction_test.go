package scenario

import (
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Whoever answers, and whatever was asked: a client's interaction id is repeated if it is one UUID, and else there is a
// fresh one (FAPI 1.0 Part 1, section 6.2.1). checkAnswer compares; each row is asked with each of the ids.
func TestInteractionIDs(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	token := c.token(t)
	w := c.World.File
	const big = 70_000
	calls := []struct {
		name string
		call call
		want int
	}{
		{"the registry, 200", call{method: "GET", url: c.url, header: bearer(token)}, 200},
		{"the registry, 400", call{method: "POST", url: w.Token, contentType: formType, body: c.form(with("grant_type", "x")).Encode()}, 400},
		{"the bank, 200", call{method: "GET", url: w.APIs[0].URL, header: bearer(token)}, 200},
		{"discovery, 200", call{method: "GET", url: w.Discovery, anonymous: true}, 200},
		{"keys, 200", call{method: "GET", url: w.JWKS, anonymous: true}, 200},
		{"the gate, 400", call{method: "POST", url: c.registration, contentType: "application/jose", body: "x"}, 400},
		{"the gate, 401", call{method: "GET", url: c.url}, 401},
		{"the gate, 404", call{method: "GET", url: c.World.MTLS() + "/nothing"}, 404},
		{"the gate, 404, in public", call{method: "GET", url: w.Issuer + "/nothing", anonymous: true}, 404},
		{"the gate, 405", call{method: "PUT", url: w.Token}, 405},
		{"the gate, 406", call{method: "GET", url: c.url, header: http.Header{"Accept": {"text/html"}, "Authorization": {"Bearer " + token}}}, 406},
		{"the gate, 415", call{method: "POST", url: c.registration, contentType: "text/plain", body: "x"}, 415},
		{"Envoy, 400", call{method: "GET", url: c.World.MTLS() + "/a%2fb"}, 400},
		{"Envoy, 413", call{method: "POST", url: c.registration, contentType: "application/jose", body: padded("", big)}, 413},
	}
	ids := map[string][]string{
		"a UUID":                        {newUUID()},
		"a UUID in capitals":            {"C1A4B0A2-9D6C-4F4E-8E54-0A1B2C3D4E5F"},
		"none":                          nil,
		"empty":                         {""},
		"no UUID":                       {"1234"},
		"a UUID in braces":              {"{c1a4b0a2-9d6c-4f4e-8e54-0a1b2c3d4e5f}"},
		"a UUID and more":               {newUUID() + "x"},
		"a header of its own":           {newUUID() + " Set-Cookie: a=b"},
		"markup":                        {"<script>alert(1)</script>"},
		"not ASCII":                     {"\u00fc"},
		"two UUIDs":                     {newUUID(), newUUID()},
		"one UUID and something":        {newUUID(), "x"},
		"something and one UUID":        {"x", newUUID()},
		"a short one, and one UUID":     {newUUID()[1:], newUUID()},
		"a long one, and one UUID":      {newUUID() + "0", newUUID()},
		"misplaced dashes and one UUID": {"c1a4b0a29-d6c-4f4e-8e54-0a1b2c3d4e5f", newUUID()},
		"a list of two":                 {newUUID() + "," + newUUID()},
	}
	for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
		for _, asked := range calls {
			for name, id := range ids {
				t.Run(protocol+" "+asked.name+" "+name, func(t *testing.T) {
					t.Parallel()
					sent := asked.call
					sent.protocol = protocol
					sent.header = asked.call.header.Clone()
					if sent.header == nil {
						sent.header = http.Header{}
					}
					sent.header[interactionID] = id
					if answer := c.do(t, sent); answer.Status != asked.want && answer.Refusal().Rule() != "jti.replay" {
						t.Errorf("got %s, want %d", answer, asked.want)
					}
				})
			}
		}
	}
}
