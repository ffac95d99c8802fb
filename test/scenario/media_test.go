package scenario

import (
	"net/http"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

var (
	unsupported = want{http.StatusUnsupportedMediaType, "unsupported_media_type", "content_type"}
	badCharset  = want{http.StatusUnsupportedMediaType, "unsupported_media_type", "content_type.charset"}
	badCoding   = want{http.StatusUnsupportedMediaType, "unsupported_media_type", "content_encoding"}
	badAccept   = want{http.StatusNotAcceptable, "not_acceptable", "accept"}
	malformed   = metadata("request.jws.compact") // what the body of these tests deserves once its headers are fine
)

// mediaTests send a body that is no JWT: one whose headers are accepted is refused for its body, and nothing is stored.
var mediaTests = []struct {
	name   string
	header http.Header
	want   want
}{
	{"application/jose", header("Content-Type", "application/jose"), malformed},
	{"application/jwt", header("Content-Type", "application/jwt"), malformed},
	{"in capitals", header("Content-Type", "APPLICATION/JWT"), malformed},
	{"the charset of WSO2's documents", header("Content-Type", "application/jwt; charset=ISO-8859-1"), malformed},
	{"in small letters", header("Content-Type", "application/jwt; charset=iso-8859-1"), malformed},
	{"quoted", header("Content-Type", `application/jwt;charset="ISO-8859-1"`), malformed},
	{"utf-8", header("Content-Type", "application/jose; charset=utf-8"), malformed},
	{"us-ascii", header("Content-Type", "application/jose; Charset=US-ASCII"), malformed},
	{"windows-1252", header("Content-Type", "application/jose;charset=windows-1252"), malformed},
	{"another parameter", header("Content-Type", "application/jose; profile=x"), malformed},

	{"text/plain", header("Content-Type", "text/plain"), unsupported},
	{"a form, as curl sends it", header("Content-Type", formType), unsupported},
	{"application/json", header("Content-Type", "application/json"), unsupported},
	{"a type that begins like ours", header("Content-Type", "application/jwtx"), unsupported},
	{"a list", header("Content-Type", "application/jwt, application/jose"), unsupported},
	{"two headers", header("Content-Type", "application/jwt", "application/jose"), unsupported},
	{"two headers of one value", header("Content-Type", "application/jwt", "application/jwt"), unsupported},
	{"none", http.Header{"Content-Type": nil}, unsupported},
	{"empty", header("Content-Type", ""), unsupported},
	{"not a media type", header("Content-Type", "jwt"), unsupported},
	{"utf-16", header("Content-Type", "application/jwt; charset=utf-16"), badCharset},
	{"utf-7", header("Content-Type", "application/jwt; charset=utf-7"), badCharset},
	{"two charsets", header("Content-Type", "application/jwt; charset=utf-8; charset=utf-16"), unsupported},
	{"one charset twice", header("Content-Type", "application/jwt; charset=utf-8; charset=utf-8"), badCharset},
	{"one charset twice, once starred", header("Content-Type", "application/jwt; charset=utf-8; charset*=utf-8''utf-8"), badCharset},

	{"gzip", header("Content-Encoding", "gzip"), badCoding},
	{"identity", header("Content-Encoding", "identity"), malformed},
	{"identity and gzip", header("Content-Encoding", "identity, gzip"), badCoding},
	{"two Content-Encodings", header("Content-Encoding", "identity", "gzip"), badCoding},

	{"Accept absent", http.Header{"Accept": nil}, malformed},
	{"Accept */*", header("Accept", "*/*"), malformed},
	{"Accept application/*", header("Accept", "application/*"), malformed},
	{"Accept application/json", header("Accept", "application/json"), malformed},
	{"Accept among others", header("Accept", "text/html, application/json;q=0.9"), malformed},
	{"Accept in two headers", header("Accept", "text/html", "application/json"), malformed},
	{"Accept text/html", header("Accept", "text/html"), badAccept},
	{"Accept application/jwt", header("Accept", "application/jwt"), badAccept},
	{"Accept with weight 0", header("Accept", "application/json;q=0"), badAccept},
	{"Accept that cannot be read", header("Accept", "json"), badAccept},
}

func header(name string, values ...string) http.Header { return http.Header{name: values} }

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	for _, protocol := range []harness.Protocol{harness.HTTP1, harness.HTTP2} {
		for _, test := range mediaTests {
			t.Run(protocol+" "+test.name, func(t *testing.T) {
				t.Parallel()
				answer := p.do(t, call{
					method: "POST", url: p.registration, contentType: "application/jose", body: "not a JWT", header: test.header, protocol: protocol,
				})
				test.want.check(t, answer)
			})
		}
	}
}

// The seeds' curl for PUT has no Content-Type, so curl sends that of a form: it is refused like on POST.
func TestMediaTypeOfUpdate(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	answer := c.do(t, call{method: "PUT", url: c.url, contentType: formType, body: c.Request().Compact(), header: bearer(c.token(t))})
	unsupported.check(t, answer)
}

// A registration succeeds with each Content-Type, whatever harmless charset it names.
func TestMediaTypesRegister(t *testing.T) {
	for _, contentType := range []string{"application/jwt; charset=ISO-8859-1", `application/jose; charset="utf-8"`} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			p := newTPP(t)
			answer := p.do(t, call{method: "POST", url: p.registration, contentType: contentType, body: p.Request().Compact(), protocol: harness.HTTP1})
			if answer.Status != http.StatusCreated {
				t.Errorf("got %s, want 201", answer)
			}
		})
	}
}
