package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// What looks for leaks finds them, and says where without repeating what.
func TestLeaks(t *testing.T) {
	token := &JWT{dcrclient.JWT{Header: map[string]any{"alg": "HS256"}, Claims: map[string]any{"iss": "a test of leaks"}, Key: []byte("secret")}}
	pieces := strings.Split(token.Compact(), ".")
	for _, test := range []struct{ name, line, want string }{
		{"nothing", `{"msg":"decision","id":"1","cause":"the token is expired"}`, ""},
		{"a whole token", "token " + strings.Join(pieces, "."), "gate.jsonl:2: a JWT"},
		{"any JWT", "eyJhbGciOiJub25lIn0.e30.", "gate.jsonl:2: a JWT"},
		{"a signature", "cause: " + pieces[2] + " is wrong", "gate.jsonl:2: a piece of a token"},
		{"the end of the claims", "…" + pieces[1][len(pieces[1])-shortest:], "gate.jsonl:2: a piece of a token"},
		{"a key", "-----BEGIN PRIVATE KEY-----", "gate.jsonl:2: a PEM block"},
		{"a certificate as Envoy hands it on", "-----BEGIN%20CERTIFICATE-----", "gate.jsonl:2: a PEM block"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &World{Dir: t.TempDir()}
			if err := os.Mkdir(filepath.Join(w.Dir, "logs"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(w.Path("logs/gate.jsonl"), []byte("started\n"+test.line+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			leaks, err := w.Leaks()
			if err != nil || strings.Join(leaks, "") != test.want {
				t.Errorf("got %q, %v, want %q", leaks, err, test.want)
			}
		})
	}
}

func TestRaces(t *testing.T) {
	w := &World{Dir: t.TempDir()}
	if err := os.Mkdir(filepath.Join(w.Dir, "logs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.Path("logs/gate.out"), []byte("WARNING: DATA RACE\nWrite at 0x0 by goroutine 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	races, err := w.Races()
	if err != nil || len(races) != 1 || !strings.Contains(races[0], "goroutine 1") {
		t.Errorf("got %q, %v, want the race", races, err)
	}
}
