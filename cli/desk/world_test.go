package desk

import (
	"bytes"
	"crypto"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	frameworks "github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/jwks"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/test/testbed"
)

const bankID = "0015800001HQQrZAAY"

// A world is a directory with its HTTPS server, two members of it, and files of all that a TPP has.
type world struct {
	t       testing.TB
	made    *sandbox
	served  *testbed.Directory
	loaded  *frameworks.Directory
	dir     string
	request map[string]any
	ssa     directory.Changes
	signer  crypto.Signer
	kid     string
	cert    string // PEM
}

type sandbox struct {
	directory     *directory.Directory
	member, other *directory.Member
}

// newWorld has a request that is good.
func newWorld(t testing.TB) *world {
	t.Helper()
	served := testbed.Serve(t, "desk")
	s := &sandbox{directory: served.Directory, member: served.Member, other: served.Other}
	w := &world{t: t, made: s, served: served, loaded: served.Loaded, dir: served.Dir, kid: s.member.SigningKeyID, cert: s.member.TransportCert}
	var err error
	w.signer, err = pemfile.PrivateKey([]byte(s.member.SigningKey))
	ok(t, err)
	now := time.Now()
	w.request = map[string]any{
		"iss": s.member.SoftwareID, "aud": bankID, "jti": "a-jti", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"software_id": s.member.SoftwareID, "redirect_uris": s.member.RedirectURIs, "scope": "openid accounts payments",
		"grant_types": []string{"authorization_code", "client_credentials"}, "response_types": []string{"code id_token"},
		"application_type": "web", "id_token_signed_response_alg": "PS256", "request_object_signing_alg": "PS256",
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "PS256",
	}
	return w
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) at(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) string {
	w.t.Helper()
	ok(w.t, os.WriteFile(w.at(name), []byte(text), 0o600))
	return w.at(name)
}

// fetch writes a key set to a file, as a TPP would with curl.
func (w *world) fetch(name, from string) string {
	w.t.Helper()
	answer, err := w.served.Server.Client().Get(from)
	ok(w.t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ok(w.t, err)
	return w.write(name, string(text))
}

func (w *world) statement() string {
	w.t.Helper()
	ssa, err := w.made.directory.Statement(w.made.member.SoftwareID, w.ssa)
	ok(w.t, err)
	return ssa
}

// claims are the request's, with a statement that the directory signs now.
func (w *world) claims() []byte {
	w.t.Helper()
	if _, has := w.request["software_statement"]; !has {
		w.request["software_statement"] = w.statement()
	}
	text, err := json.Marshal(w.request)
	ok(w.t, err)
	return text
}

func (w *world) signed() string {
	w.t.Helper()
	compact, err := jose.Sign(w.signer, jose.Header{Algorithm: jose.PS256, Type: "JWT", KeyID: w.kid}, w.claims())
	ok(w.t, err)
	return compact
}

// gate asks the filters of a gate about a request, with the keys that its directory serves.
func (w *world) gate(body string) []finding {
	w.t.Helper()
	return w.gateOf("obie-3.3", body)
}

func (w *world) gateOf(name, body string) []finding {
	w.t.Helper()
	p, err := profile.Load(name)
	ok(w.t, err)
	certificate, err := filter.NewCertificateFilter([]trust.Issuer{
		{Trust: trust.Trust{Directory: "desk", Type: w.loaded.CertificateTypes["ob_legacy"]}, Anchors: w.loaded.Anchors["ob_legacy"]},
	}, nil)
	ok(w.t, err)
	used := &trust.Directory{Directory: w.loaded.Directory, Keys: jwks.New(w.loaded.Client(), time.Now, 0)}
	statement := &filter.StatementFilter{
		Directories: trust.Directories{"desk": used}, Audiences: []string{bankID}, AuthMethods: []string{"private_key_jwt", "tls_client_auth"},
	}
	r := &filter.Request{
		Now: time.Now(), Route: &filter.Ready{Route: &routes.Route{Name: "a"}, Profile: p}, Header: http.Header{"Content-Type": p.ContentTypes[:1]},
		Body: []byte(body), PeerPEM: url.PathEscape(w.cert),
	}
	err = certificate.Check(w.t.Context(), r)
	if err == nil {
		err = statement.Check(w.t.Context(), r)
	}
	list, err := findings(err)
	ok(w.t, err)
	return list
}

// run runs a verb and returns what it wrote and its exit code.
func run(t testing.TB, arguments ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = cli.Command{Name: "dcr-gateway", Commands: Commands()}.Main(t.Context(), arguments, &out, &errs)
	return out.String(), errs.String(), code
}

// answer runs a verb for its JSON, into which it must fit.
func answer(t testing.TB, into any, arguments ...string) int {
	t.Helper()
	stdout, stderr, code := run(t, append(arguments, "--output", "json")...)
	if err := json.Unmarshal([]byte(stdout), into); err != nil {
		t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	return code
}
