package conform

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publicBank serves a discovery document and a key set under the name example.com, which the certificate has.
func publicBank(t *testing.T, document, keys map[string]any) (arguments []string) {
	t.Helper()
	serve := func(body map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.TLS.ServerName != "example.com" || r.Host != "example.com" {
				t.Errorf("asked for %s at %s", r.TLS.ServerName, r.Host)
			}
			if body == nil {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			if err := json.NewEncoder(w).Encode(body); err != nil {
				t.Error(err)
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", serve(document))
	mux.HandleFunc("/jwks", serve(keys))
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"--public", "--discovery", "https://example.com/.well-known/openid-configuration", "--ca", ca,
		"--connect", "example.com=" + server.Listener.Addr().String(),
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
	with := func(name string, value any) map[string]any {
		document := map[string]any{
			"issuer": "https://example.com", "registration_endpoint": "https://mtls.example.com/register",
			"token_endpoint": "https://mtls.example.com/token", "jwks_uri": "https://example.com/jwks",
		}
		document[name] = value
		return document
	}
	good := map[string]any{"keys": []any{map[string]any{"kty": "EC", "x": "a"}}}
	for _, c := range []struct {
		name           string
		document, keys map[string]any
		code           int
		says           string
	}{
		{"all holds", with("", nil), good, 0, "the key set holds: 1 public keys"},
		{"no document", nil, good, 1, "the discovery document is not available: status 404"},
		{"another issuer", with("issuer", "https://other.example"), good, 1, `names the issuer "https://other.example"`},
		{"an endpoint without TLS", with("token_endpoint", "http://example.com/token"), good, 1, `token_endpoint is "http://example.com/token", and not an https URL`},
		{"no endpoint", with("registration_endpoint", nil), good, 1, `registration_endpoint is ""`},
		{"no key set", with("jwks_uri", nil), good, 1, "has no jwks_uri"},
		{"a key set that is not there", with("", nil), nil, 1, "the key set is not available: status 404"},
		{"no keys", with("", nil), map[string]any{"keys": []any{}}, 1, "the key set has no keys"},
		{"a private key", with("", nil), map[string]any{"keys": []any{map[string]any{"kty": "EC", "d": "a"}}}, 1, "a key that is not a public one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, said := ran(t, publicBank(t, c.document, c.keys))
			if code != c.code || !strings.Contains(said, c.says) {
				t.Errorf("code %d, %s, want %d, %s", code, said, c.code, c.says)
			}
		})
	}
	all := publicBank(t, with("", nil), good)
	for name, arguments := range map[string][]string{
		"without a document":      {"--public"},
		"with a certificate":      append(all[:len(all):len(all)], "--cert", "x"),
		"without the CA":          append(all[:3:3], all[5:]...),
		"an address without port": {"--connect", "example.com=bank"},
	} {
		if code, said := ran(t, arguments); code != 2 {
			t.Errorf("%s: code %d, %s", name, code, said)
		}
	}
}

// ran runs the command: its exit code, and all that it says.
func ran(t *testing.T, arguments []string) (int, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := Command().Run(t.Context(), arguments, &stdout, &stderr)
	if err == nil {
		return 0, stdout.String()
	}
	var exit interface{ ExitCode() int }
	if !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode(), stdout.String() + stderr.String() + err.Error()
}
