package facts

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// TestEarlierFacts reads facts that a gate of the build before this one has signed: it may stand beside a registry of
// this one.
func TestEarlierFacts(t *testing.T) {
	text, err := os.ReadFile("testdata/facts.json")
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		JWK           json.RawMessage `json:"jwk"`
		At            int64           `json:"at"`
		Registration  string          `json:"registration"`
		Call          string          `json:"call"`
		Authenticated string          `json:"authenticated"`
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	verifier := NewVerifier(func(context.Context, string) ([]byte, error) { return kept.JWK, nil }, nil)
	const software, org, client = "oQ4KoaavpOuoE7rvQsZEOV", "0015800001HQQrZAAX", "00KnH8rW8FzFf5pSPcWQkQ3A"
	for _, test := range []struct {
		name, compact               string
		client, software, directory string
		certificate                 string
		jtis                        int
	}{
		{"registration", kept.Registration, "", software, "openbanking-uk", "obwac", 1},
		{"call", kept.Call, client, software, "", "ob_legacy", 0},
		{"authenticated", kept.Authenticated, client, software, "", "ob_legacy", 1},
	} {
		f, err := verifier.Verify(t.Context(), test.compact, time.Unix(kept.At, 0))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		is := f.GetClient().GetSoftware()
		if g := f.GetRegistration(); g != nil {
			is = g.GetSoftware()
		}
		if f.GetClient().GetId() != test.client || is.GetId() != test.software || is.GetOrgId() != org || is.GetDirectory() != test.directory ||
			f.GetCertificate().GetType() != test.certificate || len(f.GetUsedJtis()) != test.jtis {
			t.Errorf("%s: got %v", test.name, f)
		}
	}
}
