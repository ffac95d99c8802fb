package directory

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// made are directories without software, of which each test gets a copy: making keys takes most of the time here.
var made string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "directory-test-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(folder) // a temporary folder
	made = filepath.Join(folder, "directory")
	for _, dialect := range Dialects() {
		if _, err := dialect.Create(made, "https://unused.example"); err != nil {
			log.Print(err)
			return 1
		}
	}
	return m.Run()
}

// served is a directory behind HTTPS, with one software.
type served struct {
	*Directory
	t      *testing.T
	all    string // folder of all directories
	server *httptest.Server
	member *Member
}

func serve(t *testing.T) *served {
	t.Helper()
	return serveDialect(t, OBIE(), "0015800001HQQrZAAX")
}

func serveDialect(t *testing.T, dialect Dialect, organisation string) *served {
	t.Helper()
	// Statements name the directory's URL, so the server is there before the directory.
	s := &served{t: t, all: filepath.Join(t.TempDir(), "directory")}
	s.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.server.Close)
	if err := os.CopyFS(s.all, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
	d, err := dialect.Open(s.all, s.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.Directory = d
	if s.member, err = d.Enrol(Order{OrgID: organisation}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *served) get(url string) (int, []byte) {
	s.t.Helper()
	response, err := s.server.Client().Get(url)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(response)
}

func (s *served) post(path, body string) (int, []byte) {
	s.t.Helper()
	response, err := s.server.Client().Post(s.url+path, "application/json", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(response)
}

func (s *served) read(response *http.Response) (int, []byte) {
	s.t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, body
}

func (s *served) keySet(url string) []pki.JWK {
	s.t.Helper()
	status, body := s.get(url)
	var set struct{ Keys []pki.JWK }
	if err := json.Unmarshal(body, &set); err != nil || status != http.StatusOK || set.Keys == nil {
		s.t.Fatalf("%s: %d %s %v", url, status, body, err)
	}
	return set.Keys
}

func (s *served) reopen() {
	s.t.Helper()
	again, err := s.dialect.Open(s.all, s.server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Directory = again
}

// verify checks a statement's signature with the published keys of the directory.
func (s *served) verify(statement, scheme string) {
	s.t.Helper()
	parts := strings.Split(statement, ".")
	if len(parts) != 3 {
		s.t.Fatalf("not a compact JWS: %s", statement)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		s.t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	keys := s.keySet(s.KeysURL())
	number := func(text string) *big.Int {
		octets, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			s.t.Fatal(err)
		}
		return new(big.Int).SetBytes(octets)
	}
	public := &rsa.PublicKey{N: number(keys[0].Modulus), E: int(number(keys[0].Exponent).Int64())}
	ok := false
	switch scheme {
	case "PS256":
		ok = rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	case "RS256":
		ok = rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature) == nil
	case "ES256":
		r, n := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		ok = len(signature) == 64 && ecdsa.Verify(s.signers[1].key.Public().(*ecdsa.PublicKey), digest[:], r, n)
	}
	if !ok {
		s.t.Errorf("the signature is not %s by the directory's key", scheme)
	}
}

func (s *served) verifyChain(t *testing.T, leaf *x509.Certificate, usage x509.ExtKeyUsage, want bool) {
	t.Helper()
	roots := x509.NewCertPool()
	text, err := os.ReadFile(filepath.Join(s.dir, RootFile))
	if err != nil {
		t.Fatal(err)
	}
	roots.AppendCertsFromPEM(text)
	issuing := x509.NewCertPool()
	issuing.AddCert(s.issuing.Certificate)
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: issuing, KeyUsages: []x509.ExtKeyUsage{usage}})
	if (err == nil) != want {
		t.Errorf("good as a TLS client: %v, want %v", err, want)
	}
}

// segment decodes the header (0) or the claims (1) of a JWT.
func segment(t *testing.T, compact string, index int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[index])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func compare(t *testing.T, got, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %v, want %v", name, got[name], value)
		}
	}
}
