package scenario

import (
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// endpoints are the claims of a statement that name key sets.
var endpoints = []string{"software_jwks_endpoint", "software_jwks_revoked_endpoint", "org_jwks_endpoint", "org_jwks_revoked_endpoint"}

// trap counts the connections to a port of its own.
func trap(t *testing.T) (url string, accepted *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted = new(atomic.Int64)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			accepted.Add(1)
			_ = connection.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	return "https://" + listener.Addr().String(), accepted
}

// What a statement names is asked for nothing before the directory's signature on it, its claims, and the certificate of
// the connection have been verified; and then only where the directory keeps keys.
func outbound(t *testing.T, w *harness.World) {
	url, accepted := trap(t)
	p, honest := enrol(t, w, harness.Order{}), enrol(t, w, harness.Order{})
	keySet := statementKeys(t, w)
	record := &recorder{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keystore/openbanking.jwks" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(keySet) // the gate is gone
	}}
	release := w.Impersonate(t, harness.Directory, record)
	host := w.File.Directory.API
	bad := unfit("statement.signature")
	for _, test := range []ssaAttack{
		{"a stranger's statement", both(claim("iss", "Nobody"), signedBy("", stranger(t))), unapproved("statement.issuer")},
		{"a stranger's statement in the directory's name", signedBy("", stranger(t)), bad},
		{"the TPP's own statement", both(signedBy("", p.Signing), head("kid", p.SigningKeyID)), bad},
		{"a tampered statement", parts(func(h, c, s string) string { return h + "." + c + "." + flipped(s) }), bad},
		{"an expired statement", claim("iat", ago(time.Hour)), unfit("statement.times.iat")},
		{"a revoked organisation", claim("org_status", "Revoked"), unapproved("statement.status")},
		{"another software's statement", claim("software_id", "4Y5JPbNtmxDcTzs7GzKpA1"), unfit("statement.certificate")},
	} {
		for _, target := range []string{url, host} {
			t.Run(test.name+" that names "+map[string]string{url: "a stranger", host: "the directory"}[target], func(t *testing.T) {
				test.want.check(t, p.post(t, naming(t, p, target, test.change)))
			})
		}
	}
	t.Run("a good statement that names a stranger", func(t *testing.T) {
		unapproved("keys.host").check(t, p.post(t, naming(t, p, url, func(*harness.JWT) {})))
	})
	if got := accepted.Load(); got != 0 {
		t.Errorf("%d connections were made to a host that only a statement names", got)
	}
	for _, got := range record.all() {
		if got.path != "/keystore/openbanking.jwks" {
			t.Errorf("%s was fetched for a statement that does not hold", got.path)
		}
	}
	t.Run("a good statement", func(t *testing.T) {
		metadata("keys.set").check(t, honest.post(t, honest.Request())) // they are not there
		if !slices.ContainsFunc(record.all(), func(got passed) bool { return got.path != "/keystore/openbanking.jwks" }) {
			t.Error("its key sets are not asked for: the test sees nothing")
		}
	})
	release()
	if err := w.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// naming is a request whose statement names key sets at a target.
func naming(t *testing.T, p *tpp, target string, change func(*harness.JWT)) *harness.JWT {
	t.Helper()
	ssa := p.ssa(t)
	for _, name := range endpoints {
		ssa.Claims[name] = target + "/" + name + ".jwks"
	}
	change(ssa)
	request := p.Request()
	request.Claims["software_statement"] = ssa.Compact()
	return request
}

// statementKeys are the keys with which the directory signs statements, as it publishes them.
func statementKeys(t *testing.T, w *harness.World) []byte {
	t.Helper()
	response, err := w.Client(nil, harness.HTTP1).Get(w.File.Directory.JWKS)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	keys, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
