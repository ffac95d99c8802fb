package scenario

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// tool has the habits of the OBIE conformance tool's source: an assertion without kid that lives for 30 minutes, an
// empty scope parameter, no client_id with an assertion, Accept headers on what it posts and puts, the DN as Go prints it.
type tool struct {
	*tpp
	profile, method string
	certificate     tls.Certificate // for the connection

	document         map[string]any // discovery, once asked for
	clientID, bearer string
}

// dn is what the tool registers for tls_client_auth.
func (c *tool) dn() string { return c.certificate.Leaf.Subject.ToRDNSequence().String() }

func (c *tool) send(t *testing.T, sent call) *harness.Answer {
	t.Helper()
	sent.certificate = &c.certificate
	return c.do(t, sent)
}

// discover reads the discovery document, which the tool asks for with its certificate.
func (c *tool) discover(t *testing.T) {
	t.Helper()
	answer := c.send(t, call{method: "GET", url: c.World.File.Discovery})
	if answer.Status != http.StatusOK {
		t.Fatalf("discovery: %s", answer)
	}
	c.document = answer.JSON(t)
	endpoint, _ := c.document["registration_endpoint"].(string)
	if parsed, err := url.Parse(endpoint); err != nil || parsed.Scheme != "https" || parsed.Host == "" {
		t.Errorf("registration_endpoint is %q", endpoint)
	}
	for member, want := range map[string]string{
		"token_endpoint_auth_methods_supported":            c.method,
		"token_endpoint_auth_signing_alg_values_supported": "PS256",
		"request_object_signing_alg_values_supported":      "PS256",
		"grant_types_supported":                            "client_credentials",
	} {
		if listed, _ := c.document[member].([]any); !contains(listed, want) {
			t.Errorf("%s is %v, want %s in it", member, c.document[member], want)
		}
	}
}

func contains(list []any, wanted string) bool {
	for _, item := range list {
		if item == wanted {
			return true
		}
	}
	return false
}

// request is the tool's: no software_id, response_types only where they are configured.
func (c *tool) request() *harness.JWT {
	request := c.Request()
	delete(request.Claims, "software_id")
	delete(request.Claims, "response_types")
	request.Claims["grant_types"] = []string{"authorization_code", "client_credentials"}
	request.Claims["token_endpoint_auth_method"] = c.method
	if c.method == "tls_client_auth" {
		request.Claims["tls_client_auth_subject_dn"] = c.dn()
	}
	return request
}

func (c *tool) signed(t *testing.T, method, url string, want int, request *harness.JWT) *harness.Answer {
	t.Helper()
	answer := c.send(t, call{method: method, url: url, contentType: "application/jose", body: request.Compact(), header: http.Header{
		"Accept": {"application/json"}, "Authorization": c.authorization(method),
	}})
	if answer.Status != want {
		t.Fatalf("%s: %s, want %d", method, answer, want)
	}
	return answer
}

func (c *tool) authorization(method string) []string {
	if method == http.MethodPost {
		return nil
	}
	return []string{"Bearer " + c.bearer}
}

func (c *tool) post(t *testing.T, want int, request *harness.JWT) *harness.Answer {
	t.Helper()
	return c.signed(t, http.MethodPost, c.World.RegistrationURL(c.profile), want, request)
}

func (c *tool) create(t *testing.T) {
	t.Helper()
	document := c.post(t, http.StatusCreated, c.request()).JSON(t)
	c.clientID, _ = document["client_id"].(string)
	checkSchema(t, c.profile, document)
}

func (c *tool) token(t *testing.T) {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {""}}
	if c.method == "tls_client_auth" {
		form.Set("client_id", c.clientID)
	} else {
		assertion := c.Assertion(c.clientID)
		delete(assertion.Header, "kid")
		assertion.Claims["exp"] = time.Now().Add(30 * time.Minute).Unix()
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion.Compact())
	}
	answer := c.send(t, call{method: "POST", url: c.World.File.Token, contentType: formType, body: form.Encode()})
	if answer.Status != http.StatusOK {
		t.Fatalf("token: %s", answer)
	}
	got := answer.JSON(t)
	if _, isNumber := got["expires_in"].(json.Number); !isNumber || !strings.EqualFold(got["token_type"].(string), "bearer") {
		t.Errorf("expires_in is %v and token_type %v, want a number and Bearer", got["expires_in"], got["token_type"])
	}
	c.bearer, _ = got["access_token"].(string)
	harness.Remember(c.bearer)
}

func (c *tool) url() string { return c.World.RegistrationURL(c.profile) + "/" + c.clientID }

func (c *tool) get(t *testing.T, want int) *harness.Answer {
	t.Helper()
	answer := c.send(t, call{method: "GET", url: c.url(), header: bearer(c.bearer)})
	if answer.Status != want {
		t.Fatalf("GET: %s, want %d", answer, want)
	}
	return answer
}

func (c *tool) put(t *testing.T, want int) *harness.Answer {
	t.Helper()
	return c.signed(t, http.MethodPut, c.url(), want, c.request())
}

func (c *tool) delete(t *testing.T) {
	t.Helper()
	answer := c.send(t, call{method: "DELETE", url: c.url(), header: bearer(c.bearer)})
	if answer.Status != http.StatusNoContent || len(answer.Body) > 0 {
		t.Fatalf("DELETE: %s with %d bytes, want 204 with none", answer, len(answer.Body))
	}
}
