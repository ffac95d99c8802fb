package filter_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/request"
)

// TestContentType covers Content-Type and Content-Encoding of a registration request.
func TestContentType(t *testing.T) {
	w := newWorld(t)
	chain := w.chain("certificate", "statement")
	body := w.application().body(w)
	const (
		refused = "415 unsupported_media_type content_type"
		charset = refused + ".charset"
		coding  = "415 unsupported_media_type content_encoding"
	)
	tests := []struct {
		name     string
		values   []string
		encoding []string
		want     string
	}{
		{name: "application/jwt", values: []string{"application/jwt"}},
		{name: "application/jose", values: []string{"application/jose"}},
		{name: "capitals", values: []string{"Application/JWT"}},
		{name: "a harmless charset", values: []string{"application/jwt; charset=ISO-8859-1"}},
		{name: "UTF-8 in quotes", values: []string{`application/jwt;charset="UTF-8"`}},
		{name: "utf8", values: []string{"application/jwt; charset=utf8"}},
		{name: "utf8 in capitals and quotes", values: []string{`application/jwt; charset="UTF8"`}},
		{name: "another parameter", values: []string{"application/jwt; v=1"}},
		{name: "identity", values: []string{"application/jwt"}, encoding: []string{"Identity"}},

		{name: "none", want: refused},
		{name: "an empty one", values: []string{""}, want: refused},
		{name: "JSON", values: []string{"application/json"}, want: refused},
		{name: "a form", values: []string{formType}, want: refused},
		{name: "one that begins alike", values: []string{"application/jwts"}, want: refused},
		{name: "two of them", values: []string{"application/jwt", "application/jwt"}, want: refused},
		{name: "two of them, joined", values: []string{"application/jwt, application/json"}, want: refused},
		{name: "two charsets", values: []string{"application/jwt; charset=utf-8; charset=utf-16"}, want: refused},
		{name: "UTF-16", values: []string{"application/jwt; charset=utf-16"}, want: charset},
		{name: "UTF-7", values: []string{"application/jwt; charset=UTF-7"}, want: charset},
		{name: "gzip", values: []string{"application/jwt"}, encoding: []string{"gzip"}, want: coding},
		{name: "identity and gzip", values: []string{"application/jwt"}, encoding: []string{"identity", "gzip"}, want: coding},
		{name: "identity and gzip, joined", values: []string{"application/jwt"}, encoding: []string{"identity, gzip"}, want: coding},
		{name: "an empty coding", values: []string{"application/jwt"}, encoding: []string{""}, want: coding},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.request(nil, body)
			r.Route.Profile = loadProfile(t)
			r.Header["Content-Type"], r.Header["Content-Encoding"] = test.values, test.encoding
			want(t, w.in(t).register(chain, r), test.want)
		})
	}
}

// TestAccept covers Accept: absent, */*, application/* and application/json pass, anything else is 406 (RFC 9110, section 15.5.7).
func TestAccept(t *testing.T) {
	const refused = "406 not_acceptable accept"
	tests := []struct{ name, values, want string }{
		{"none", "", ""},
		{"JSON", "application/json", ""},
		{"capitals", "Application/JSON", ""},
		{"anything", "*/*", ""},
		{"any application", "application/*", ""},
		{"with a parameter", "application/json; charset=utf-8", ""},
		{"with a weight", "application/json;q=0.5", ""},
		{"among others", "text/html, application/xml;q=0.9, */*;q=0.1", ""},
		{"of Java's old client", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", ""},
		{"in a second header", "text/html|application/json", ""},
		{"HTML", "text/html", refused},
		{"another kind of JSON", "application/problem+json", refused},
		{"one that begins alike", "application/jsonp", refused},
		{"anything, but not this time", "*/*;q=0", refused},
		{"JSON, but not this time", "application/json; q=0.000", refused},
		{"a weight that is no number", "application/json;q=x", refused},
		{"a weight below nothing", "application/json;q=-1", refused},
		{"a weight that is not a number at all", "application/json;q=NaN", refused},
		{"an empty one", "|", refused},
		{"garbage", ";;;,,,", refused},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{}
			if test.values != "" {
				header["Accept"] = strings.Split(test.values, "|")
			}
			want(t, request.CheckAccept(header), test.want)
		})
	}
}
