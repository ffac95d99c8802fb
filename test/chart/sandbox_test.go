//go:build chart

package chart

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// outside is what is around the gateway, and how a machine outside the cluster reaches what is in it.
type outside struct {
	servers   *pki.Authority // issues the certificates of servers
	directory *dcrclient.Directory
	files     *directory.Directory // the same, of which the tests read the CAs
	folder    string

	mu    sync.Mutex
	doors map[string]string // HOST:PORT of a URL, and the address that leads there
}

// world is the sandbox in the cluster, which all tests share. The first that asks for it makes it.
var world = sync.OnceValues(newOutside)

// theWorld is world for a test.
func theWorld(tb testing.TB) *outside {
	tb.Helper()
	w, err := world()
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

const directoryURL = "https://directory.sandbox.svc:8445"

func newOutside() (*outside, error) {
	folder, err := os.MkdirTemp("", "dcr-chart")
	if err != nil {
		return nil, err
	}
	o := &outside{folder: folder, doors: map[string]string{}}
	for _, dialect := range directory.Dialects() { // the directory serves all of them
		made, err := dialect.Create(folder, directoryURL)
		if err != nil {
			return nil, err
		}
		if dialect.Name == directory.OBIE().Name {
			o.files = made
		}
	}
	key, err := pki.EC()
	if err != nil {
		return nil, err
	}
	if o.servers, err = pki.NewRoot(pkix.Name{CommonName: "Test Server CA"}, key); err != nil {
		return nil, err
	}
	pem, private, err := o.server("directory.sandbox.svc")
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		os.WriteFile(filepath.Join(folder, "server.pem"), []byte(pem), 0o600),
		os.WriteFile(filepath.Join(folder, "server.key"), []byte(private), 0o600),
		os.WriteFile(filepath.Join(folder, "software", "keep"), nil, 0o600), // a Secret has no empty folder
		os.WriteFile(filepath.Join(folder, "cdr", "software", "keep"), nil, 0o600),
	)
	if err != nil {
		return nil, err
	}
	if err := o.deploy(); err != nil {
		return nil, err
	}
	o.directory = &dcrclient.Directory{API: strings.TrimSuffix(o.files.KeysURL(), "/keystore/openbanking.jwks"), HTTP: o.client(nil, keptHTTP2)}
	return o, nil
}

// server makes a certificate of the sandbox's CA for some names, as PEM with its key. It is good for servers and clients.
func (o *outside) server(names ...string) (certificate, key string, err error) {
	private, err := pki.EC()
	if err != nil {
		return "", "", err
	}
	leaf := pki.Server(names[0])
	leaf.DNSNames, leaf.IPAddresses = names, nil
	leaf.ExtKeyUsage = append(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	made, err := o.servers.Issue(leaf, private.Public())
	if err != nil {
		return "", "", err
	}
	text, err := pki.EncodeKey(private)
	return string(pki.EncodeCertificate(made.Raw)), string(text), err
}

// certify makes a Secret with a certificate for some names, its key and its CA, or renews it.
func (o *outside) certify(tb testing.TB, namespace, secret string, names ...string) {
	tb.Helper()
	certificate, key, err := o.server(names...)
	if err != nil {
		tb.Fatal(err)
	}
	makeSecret(tb, namespace, secret, map[string]string{
		"tls.crt": certificate, "tls.key": key, "ca.crt": o.caPEM(),
	})
}

// caPEM is the CA of servers.
func (o *outside) caPEM() string { return string(pki.EncodeCertificate(o.servers.Certificate.Raw)) }

// makeSecret makes a Secret, or changes it.
func makeSecret(tb testing.TB, namespace, name string, data map[string]string) {
	tb.Helper()
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]string{"name": name, "namespace": namespace}, "stringData": data,
	})
	if err != nil {
		tb.Fatal(err)
	}
	apply(tb, string(text))
}

// secretFile is a file of the directory in its Secret, whose keys have no slash.
type secretFile struct{ Key, Path, text string }

func (o *outside) secretFiles() (all []secretFile, err error) {
	err = filepath.WalkDir(o.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(o.folder, path) // it is in it
		all = append(all, secretFile{strings.ReplaceAll(name, "/", "."), name, string(text)})
		return err
	})
	return all, err
}

func (o *outside) deploy() error {
	files, err := o.secretFiles()
	if err != nil {
		return err
	}
	secret := strings.Builder{}
	secret.WriteString("apiVersion: v1\nkind: Secret\nmetadata: {name: directory, namespace: sandbox}\ndata:\n")
	for _, f := range files {
		fmt.Fprintf(&secret, "  %s: %q\n", f.Key, base64.StdEncoding.EncodeToString([]byte(f.text)))
	}
	manifest, err := filled("sandbox.yaml", map[string]any{
		"Images": images, "DirectoryFiles": files, "Digest": fmt.Sprintf("%x", sha256.Sum256([]byte(secret.String()))), // of other files is another pod
	})
	if err != nil {
		return err
	}
	// The namespace comes first, since the Secret is in it.
	first, rest, _ := strings.Cut(manifest, "\n---\n")
	if _, err := run(first+"\n---\n"+secret.String()+"\n---\n"+rest, "kubectl", "apply", "--validate=strict", "-f", "-"); err != nil {
		return err
	}
	for _, part := range []string{"deployment/directory", "deployment/bank", "statefulset/redis"} {
		if _, err := run("", "kubectl", "rollout", "status", "-n", "sandbox", part, "--timeout="+patience.String()); err != nil {
			return err
		}
	}
	return o.open("directory.sandbox.svc:8445", "sandbox", "directory")
}

// open makes the HOST:PORT of URLs lead to a Service, through the port that every node has for it.
func (o *outside) open(host, namespace, service string) error {
	port, err := run("", "kubectl", "get", "service", "-n", namespace, service, "-o", "jsonpath={.spec.ports[0].nodePort}")
	if err != nil {
		return err
	}
	node, err := run("", "kubectl", "get", "nodes", "-o", `jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}`)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.doors[host] = net.JoinHostPort(node, port)
	return nil
}

// dial connects to a host by the door that leads there. A host without one does not exist.
func (o *outside) dial(ctx context.Context, network, address string) (net.Conn, error) {
	o.mu.Lock()
	door, known := o.doors[address]
	o.mu.Unlock()
	if !known {
		return nil, fmt.Errorf("no door leads to %s", address)
	}
	return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, door)
}

// roots are the CAs that clients trust.
func (o *outside) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(o.servers.Certificate)
	return pool
}

// manner is how a client connects.
type manner struct{ http2, keep bool }

var (
	keptHTTP2 = manner{http2: true, keep: true}
	keptHTTP1 = manner{keep: true}
	newHTTP1  = manner{} // a new connection for each request
)

// client is an HTTP client outside the cluster with this certificate, or none.
func (o *outside) client(own *keyPair, how manner) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!how.http2)
	protocols.SetHTTP2(how.http2)
	return &http.Client{
		Timeout: dcrclient.Patience,
		Transport: &http.Transport{
			DialContext: o.dial, TLSClientConfig: dcrclient.TLS(o.roots(), own), Protocols: protocols, DisableKeepAlives: !how.keep, MaxIdleConnsPerHost: 4,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
