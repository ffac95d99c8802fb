package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestUnixSocketsOnly: whoever reaches the gate's, Envoy's or an operator's interface needs no password, so none of them
// may be on a network. The registry may, but only with mutual TLS.
func TestUnixSocketsOnly(t *testing.T) {
	t.Setenv("DCR_REDIS_URL", "")
	dir := t.TempDir()
	for _, part := range []struct {
		command, want string
		flags         []string
	}{
		{"gate", "must be unix:PATH", []string{"--listen", "--xds", "--admin"}},
		{"registry", "must be unix:PATH", []string{"--admin"}},
		{"edge", "must be unix:PATH", []string{"--admin"}},
		{"edge-files " + dir, "must be unix:PATH", []string{"--xds", "--admin"}},
		{"routes render none.yaml", "must be unix:PATH", []string{"--gate", "--xds", "--admin"}},
		{"routes status", "must be unix:PATH", []string{"--gate"}},
		{"registry --secrets " + dir, "--listen on TCP needs --tls-cert, --tls-key and --tls-client-ca", []string{"--listen"}},
		{"registry --tls-cert c.pem --tls-key c.key", "--listen on TCP needs --tls-cert, --tls-key and --tls-client-ca", []string{"--listen"}},
	} {
		for _, name := range part.flags {
			for _, address := range []string{"127.0.0.1:0", "127.0.0.1:9000", "[::1]:9000", ":9000", "localhost:9000", "10.0.0.7:9000"} {
				arguments := append(strings.Fields(part.command), name, address)
				var stdout, stderr bytes.Buffer
				code := program().Main(t.Context(), arguments, &stdout, &stderr)
				if code != 2 || !strings.Contains(stderr.String(), part.want) || stdout.Len() > 0 {
					t.Errorf("%v: code %d, %q, want 2 and %q", arguments, code, stderr.String(), part.want)
				}
			}
		}
	}
}
