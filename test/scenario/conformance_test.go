package scenario

import (
	"crypto/x509/pkix"
	"net/http"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// TestConformance is the official OBIE conformance tool, scenario by scenario.
func TestConformance(t *testing.T) {
	for _, profile := range []string{"obie-3.2", "obie-3.3"} {
		for _, method := range []string{"private_key_jwt", "tls_client_auth"} {
			for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
				t.Run(profile+" "+method+" "+protocol, func(t *testing.T) {
					t.Parallel()
					p := newTPP(t)
					p.protocol = protocol
					conformance(t, &tool{tpp: p, profile: profile, method: method, certificate: p.Transport})
				})
			}
		}
	}
}

// The tool with an OBWAC: the DN that it registers lacks the certificate's organizationIdentifier.
func TestConformanceWithLossyDN(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	ca, err := gateway.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	certificate := harness.Issue(t, &ca, harness.TransportTemplate(pkix.Name{
		CommonName: p.OrgID, Organization: []string{"Sandbox Organisation"}, Country: []string{"GB"},
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: harness.OrganizationIdentifier, Value: "PSDGB-OB-Unknown" + p.OrgID}},
	}))
	publish(t, p, certificate)
	used := &tool{tpp: p, profile: "obie-3.3", method: "tls_client_auth", certificate: certificate}
	if got, want := used.dn(), "CN="+p.OrgID+",O=Sandbox Organisation,C=GB"; got != want {
		t.Fatalf("the DN is %s, want the lossy %s", got, want)
	}
	conformance(t, used)
}

func conformance(t *testing.T, c *tool) {
	for _, scenario := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"DCR-001 discovery names the registration endpoint", func(t *testing.T) { c.discover(t) }},
		{"DCR-002 delete", func(t *testing.T) { c.create(t); c.token(t); c.delete(t) }},
		{"DCR-003 the token of a deleted client", func(t *testing.T) { c.create(t); c.token(t); c.delete(t); c.get(t, 401) }},
		{"DCR-004 requests that must be refused", func(t *testing.T) { conformanceRefusals(t, c) }},
		{"DCR-005 get", func(t *testing.T) {
			c.create(t)
			c.token(t)
			checkSchema(t, c.profile, c.get(t, 200).JSON(t))
			c.delete(t)
		}},
		{"DCR-007 an empty bearer token", func(t *testing.T) {
			c.create(t)
			c.bearer = ""
			c.get(t, 401)
			c.token(t)
			c.delete(t)
		}},
		{"DCR-008 update", func(t *testing.T) {
			c.create(t)
			c.token(t)
			checkSchema(t, c.profile, c.put(t, 200).JSON(t))
			c.delete(t)
		}},
		{"DCR-009 update of a deleted client", func(t *testing.T) { c.create(t); c.token(t); c.delete(t); c.put(t, 401) }},
		{"DCR-010 get of a deleted client", func(t *testing.T) { c.create(t); c.token(t); c.delete(t); c.get(t, 401) }},
		{"DCR-011 response types that are not offered", func(t *testing.T) {
			request := c.request()
			request.Claims["response_types"] = []string{"id_token", "token"}
			metadata("dictionary.values").check(t, c.post(t, http.StatusBadRequest, request))
		}},
	} {
		t.Run(scenario.name, scenario.run)
	}
}

func conformanceRefusals(t *testing.T, c *tool) {
	for _, test := range []struct {
		name   string
		change func(*harness.JWT)
		want   want
	}{
		{"expired an hour ago", func(r *harness.JWT) { r.Claims["exp"] = time.Now().Add(-time.Hour).Unix() }, metadata("times.exp")},
		{"iss foo.is/invalid", func(r *harness.JWT) { r.Claims["iss"] = "foo.is/invalid" }, metadata("dictionary.pattern")},
		{"iss empty", func(r *harness.JWT) { r.Claims["iss"] = "" }, metadata("dictionary.length")},
		{"iss of 30 digits", func(r *harness.JWT) { r.Claims["iss"] = "123456789012345678901234567890" }, metadata("dictionary.length")},
		{"RS256 for everything", func(r *harness.JWT) {
			r.Header["alg"] = "RS256"
			for _, name := range []string{"token_endpoint_auth_signing_alg", "id_token_signed_response_alg", "request_object_signing_alg"} {
				r.Claims[name] = "RS256"
			}
		}, metadata("request.jws.alg")},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := c.request()
			test.change(request)
			test.want.check(t, c.post(t, http.StatusBadRequest, request))
		})
	}
}
