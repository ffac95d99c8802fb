package filter_test

import (
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// plain is the request that an application makes without signing it.
func (w *world) plain(a *application, change func(body string) string) *filter.Request {
	w.t.Helper()
	payload := w.requestClaims()
	payload["software_statement"] = a.ssa(w)
	body := string(marshal(w.t, payload.with(a.request)))
	if change != nil {
		body = change(body)
	}
	r := w.request(nil, body)
	r.Header.Set("Content-Type", a.contentType)
	r.PeerPEM = a.certificate.escaped
	var err error
	r.Route.Profile, err = profile.Load("is-json")
	w.must(err)
	return r
}

// TestUnsigned covers plain JSON: a request that nobody has signed is its software's by the certificate alone, and by no certificate
// that other softwares of the organisation hold too.
func TestUnsigned(t *testing.T) {
	w := newWorld(t)
	obwac := w.mint(w.eidas, psdName(orgID, "PSDGB-FCA-"+registration), nil)
	qwac := w.mint(w.qtsp, psdName("tpp.example", "PSDGB-FCA-"+registration), nil)
	const possession = badStatement + "possession"
	for _, test := range []struct {
		name  string
		spoil func(*application)
		body  func(string) string
		sets  map[string]string
		want  string
	}{
		{name: "the software's certificate"},
		{name: "another software's", spoil: func(a *application) { a.certificate = w.mint(w.legacy, legacyName(otherID, orgID), nil) }, want: badStatement + "certificate"},
		{name: "the organisation's", spoil: func(a *application) { a.certificate = obwac }, want: possession},
		{name: "the organisation's, by its number", spoil: func(a *application) { a.certificate = qwac }, want: possession},
		{name: "the organisation's, which the software lists", spoil: func(a *application) { a.certificate = obwac },
			sets: map[string]string{"software": w.keys.software.jwk + "," + w.jwk(obwac, "tls")}},
		{name: "the organisation's, which the organisation lists", spoil: func(a *application) { a.certificate = obwac },
			sets: map[string]string{"org": w.jwk(obwac, "tls")}, want: possession},
		{name: "one that is revoked", sets: map[string]string{"revoked": w.jwk(w.transport, "tls")}, want: unapproved + "keys.revoked"},
		{name: "signed all the same", body: func(string) string { return w.application().body(w) }, want: badMetadata + "request.json"},
		{name: "with the media type of a signed one", spoil: func(a *application) { a.contentType = "application/jwt" }, want: "415 unsupported_media_type content_type"},
		{name: "in UTF-8", spoil: func(a *application) { a.contentType = "application/json; charset=utf-8" }},
		{name: "in Latin-1", spoil: func(a *application) { a.contentType = "application/json; charset=iso-8859-1" }, want: "415 unsupported_media_type content_type.charset"},
		{name: "nothing", body: func(string) string { return "" }, want: badMetadata + "request.empty"},
		{name: "a list", body: func(body string) string { return "[" + body + "]" }, want: badMetadata + "request.json"},
		{name: "a member twice", body: func(body string) string { return strings.Replace(body, "{", `{"scope":"openid",`, 1) }, want: badMetadata + "request.json"},
		{name: "more after it", body: func(body string) string { return body + "{}" }, want: badMetadata + "request.json"},
		{name: "too large", body: func(body string) string { return body + strings.Repeat(" ", 64<<10) }, want: badMetadata + "request.json"},
		{name: "a statement that was changed", spoil: func(a *application) { a.statementKey = w.keys.stranger }, want: badStatement + "signature"},
		{name: "an expired request", spoil: func(a *application) { a.request["exp"] = w.now.Unix() }, want: badMetadata + "times.exp"},
		{name: "a request for somebody else", spoil: func(a *application) { a.request["aud"] = "another" }, want: badMetadata + "audience"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := w.in(t)
			for name, jwk := range test.sets {
				w.keystore.set(name, jwk)
			}
			defer w.publish()
			a := w.application()
			a.contentType = "application/json"
			if test.spoil != nil {
				test.spoil(a)
			}
			want(t, w.register(w.chain("certificate", "statement"), w.plain(a, test.body)), test.want)
		})
	}
}

// What a signed request is asked for is not to be had without a signature.
func TestUnsignedElsewhere(t *testing.T) {
	w := newWorld(t)
	a := w.application()
	r := w.plain(a, nil)
	r.Route.Profile = loadProfile(t)
	want(t, w.register(w.chain("certificate", "statement"), r), badMetadata+"request.jws.compact")
	r = w.plain(a, nil)
	r.Header.Set("Content-Type", "application/json")
	r.Route.Profile = loadProfile(t)
	want(t, w.register(w.chain("certificate", "statement"), r), "415 unsupported_media_type content_type")
}
