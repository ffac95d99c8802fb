package filter_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// keystore is a directory's HTTPS server with its key sets, by name.
type keystore struct {
	server *httptest.Server

	mutex sync.Mutex
	sets  map[string]string
	asked map[string]int
}

func newKeystore(t testing.TB) *keystore {
	k := &keystore{sets: map[string]string{}, asked: map[string]int{}}
	k.server = httptest.NewTLSServer(k)
	t.Cleanup(k.server.Close)
	return k
}

func (k *keystore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	k.asked[name]++
	set, known := k.sets[name]
	if name == "absent" {
		http.NotFound(w, r)
		return
	}
	if !known {
		http.Error(w, "out of order", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte(set))
}

func (k *keystore) at(name string) string { return k.server.URL + "/" + name }

func (k *keystore) set(name string, jwks ...string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.sets[name] = `{"keys":[` + strings.Join(jwks, ",") + `]}`
}

// takeDown answers every question about a set with a 503 until the test ends.
func (k *keystore) takeDown(t testing.TB, name string) {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	was := k.sets[name]
	delete(k.sets, name)
	t.Cleanup(func() {
		k.mutex.Lock()
		defer k.mutex.Unlock()
		k.sets[name] = was
	})
}

// taken returns which sets were asked for since the last call, "directory*2 software", sorted.
func (k *keystore) taken() string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	var list []string
	for _, name := range slices.Sorted(maps.Keys(k.asked)) {
		if n := k.asked[name]; n > 1 {
			name = fmt.Sprintf("%s*%d", name, n)
		}
		list = append(list, name)
	}
	clear(k.asked)
	return strings.Join(list, " ")
}

// publish fills the sets: the directory's own key, the software's signing key and transport certificate, nothing
// revoked.
func (w *world) publish() {
	w.keystore.set("directory", w.keys.directory.jwk)
	w.keystore.set("software", w.keys.software.jwk, w.keys.softwareRSA.jwk, w.jwk(w.transport, "tls"))
	w.keystore.set("org", w.keys.org.jwk)
	w.keystore.set("revoked")
	w.keystore.set("org-revoked")
}

// jwk is a certificate's key as the directory publishes it.
func (w *world) jwk(l leaf, use string) string {
	w.t.Helper()
	jwk, err := pki.CertificateJWK(l.der, use)
	w.must(err)
	return string(marshal(w.t, jwk))
}

// ukCertificates are all types of the UK's.
const ukCertificates = `certificates:
  - {type: ob_legacy, ca: [legacy.pem]}
  - {type: obwac, ca: [eidas.pem]}
  - {type: qwac, ca: [qtsp.pem]}
`

// loadDirectory writes the file of a directory like the UK's sandbox on this machine, and loads it.
func (w *world) loadDirectory(certificates string) *directory.Directory {
	w.t.Helper()
	dir := w.t.TempDir()
	write := func(name string, der []byte) {
		w.t.Helper()
		w.must(os.WriteFile(filepath.Join(dir, name), testkit.CertificatePEM(der), 0o600))
	}
	write("tls.pem", w.keystore.server.Certificate().Raw)
	write("legacy.pem", w.legacy.Certificate.Raw)
	write("eidas.pem", w.eidas.Certificate.Raw)
	write("qtsp.pem", w.qtsp.Certificate.Raw)
	path := filepath.Join(dir, "directory.yaml")
	text := fmt.Sprintf(`extends: openbanking-uk-sandbox
name: loopback
jwks: %s
tls_ca: [tls.pem]
key_hosts: ["%s"]
private_addresses: [127.0.0.1]
certificates_listed: off
%s`, w.keystore.at("directory"), strings.TrimPrefix(w.keystore.server.URL, "https://"), certificates)
	w.must(os.WriteFile(path, []byte(text), 0o600))
	loaded, err := directory.Load(path)
	w.must(err)
	return loaded
}
