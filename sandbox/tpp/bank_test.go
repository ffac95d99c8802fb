package tpp

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

// The papers of one TPP, for all tests: making keys takes longer than all of them.
var (
	framework *directory.Directory
	member    *directory.Member
	holds     = map[string]string{}
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "tpp-test-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(folder) // a temporary folder
	framework, err = directory.OBIE().Create(filepath.Join(folder, "directory"), "https://directory.example")
	if err == nil {
		member, err = framework.Enrol(directory.Order{Roles: []string{"AISP", "PISP"}})
	}
	if err != nil {
		log.Print(err)
		return 1
	}
	for name, text := range map[string]string{
		"transport.pem": member.TransportCert, "transport.key": member.TransportKey, "signing.key": member.SigningKey, "ssa.jwt": member.Statement + "\n",
	} {
		holds[name] = filepath.Join(folder, name)
		if err := os.WriteFile(holds[name], []byte(text), 0o600); err != nil {
			log.Print(err)
			return 1
		}
	}
	return m.Run()
}

// aBank answers what it is told to, and keeps what it was asked.
type aBank struct {
	t      *testing.T
	server *httptest.Server
	folder string // of this test's client.json and ca.pem

	status int
	answer string
	header http.Header

	asked *http.Request
	body  []byte
	count int
}

func newBank(t *testing.T) *aBank {
	t.Helper()
	b := &aBank{t: t, folder: t.TempDir(), header: http.Header{}}
	b.server = httptest.NewUnstartedServer(b)
	b.server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	b.server.StartTLS()
	t.Cleanup(b.server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.server.Certificate().Raw})
	if err := os.WriteFile(b.file("ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *aBank) file(name string) string { return filepath.Join(b.folder, name) }

// ServeHTTP implements http.Handler.
func (b *aBank) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/discovery" {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": "https://bank.example", "registration_endpoint": "https://elsewhere.example", "token_endpoint": b.server.URL + "/token",
			"mtls_endpoint_aliases": map[string]string{"registration_endpoint": b.server.URL + "/register"},
		})
		return
	}
	b.count++
	b.asked = r
	b.body, _ = io.ReadAll(r.Body)
	for name, values := range b.header {
		w.Header()[name] = values
	}
	w.WriteHeader(b.status)
	_, _ = io.WriteString(w, b.answer)
}

// bankFlags name the bank and the TPP's papers.
func (b *aBank) flags() []string {
	return []string{
		"--discovery", b.server.URL + "/discovery", "--ca", b.file("ca.pem"),
		"--cert", holds["transport.pem"], "--key", holds["transport.key"],
		"--signing-key", holds["signing.key"], "--kid", member.SigningKeyID,
	}
}

// outcome is what a person at a terminal sees of a command.
type outcome struct {
	stdout, stderr string
	code           int
}

// tool runs the TPP's tool, its files being in the test's folder.
func (b *aBank) tool(args ...string) outcome {
	b.t.Helper()
	b.t.Chdir(b.folder)
	var stdout, stderr bytes.Buffer
	code := Command().Main(b.t.Context(), args, &stdout, &stderr)
	return outcome{strings.TrimSuffix(stdout.String(), "\n"), stderr.String(), code}
}

// register registers a client with the id c1.
func (b *aBank) register(args ...string) outcome {
	b.t.Helper()
	b.status, b.answer = http.StatusCreated, `{"client_id":"c1"}`
	ours := append([]string{"register", "--ssa", holds["ssa.jwt"], "--aud", "bank-org"}, b.flags()...)
	return b.tool(append(ours, args...)...)
}

// registered is a bank with a client that has a token.
func registered(t *testing.T, args ...string) *aBank {
	t.Helper()
	b := newBank(t)
	if o := b.register(args...); o.code != 0 {
		t.Fatalf("register: %+v", o)
	}
	b.status, b.answer = http.StatusOK, `{"access_token":"secret-token","token_type":"Bearer","expires_in":300,"scope":"accounts"}`
	if o := b.tool("token", "--scope", "accounts"); o.code != 0 {
		t.Fatalf("token: %+v", o)
	}
	return b
}

// verified reads a JWT that the TPP's signing key must have signed.
func verified(t *testing.T, compact string) strictjson.Object {
	t.Helper()
	key, err := pemfile.PrivateKey([]byte(member.SigningKey))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jose.Parse(compact, jose.Policy{Algorithms: []string{"PS256"}, Types: []string{"JWT"}, KeyID: true, MaxBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	keys := jose.KeySet{Signing: []jose.Key{{ID: member.SigningKeyID, Public: key.Public()}}}
	proved, err := token.Verify(keys)
	if err != nil {
		t.Fatal(err)
	}
	return proved.Claims
}

// world writes the world.json of a sandbox with this bank, whose directory signs what fresh says.
func (b *aBank) world(fresh string) string {
	b.t.Helper()
	signer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		order, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/ssa" || !strings.Contains(string(order), member.SoftwareID) {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, fresh)
	}))
	b.t.Cleanup(signer.Close)
	theirs := *member
	theirs.TransportCert, theirs.TransportKey, theirs.SigningKey, theirs.Statement = "transport.pem", "transport.key", "signing.key", "ssa.jwt"
	for name, path := range holds {
		text, err := os.ReadFile(path)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(b.file(name), text, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	w := &worldfile.World{
		Profile: "obie-3.3", Issuer: "https://bank.example", Audience: "bank-org",
		Gateway:  worldfile.Gateway{Registration: b.server.URL + "/register", Token: b.server.URL + "/token"},
		ServerCA: "ca.pem", TPPs: []directory.Member{theirs}, Directory: worldfile.Directory{API: signer.URL, CA: "ca.pem"},
	}
	writeWorld(b.t, b.folder, w)
	return b.folder
}

func writeWorld(t *testing.T, dir string, w *worldfile.World) {
	t.Helper()
	text, err := json.Marshal(w)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, worldfile.Name), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
