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
	verifier := NewVerifier(func(context.Context, string) ([]byte, error) { return kept.JWK, nil })
	const software, org, client = "oQ4KoaavpOuoE7rvQsZEOV", "0015800001HQQrZAAX", "00KnH8rW8FzFf5pSPcWQkQ3A"
	for _, test := range []struct {
		name, compact               string
		client, software, directory string
	}{
		{"registration", kept.Registration, "", software, "openbanking-uk"},
		{"call", kept.Call, client, software, ""},
		{"authenticated", kept.Authenticated, client, software, ""},
	} {
		f, err := verifier.Verify(t.Context(), test.compact, time.Unix(kept.At, 0))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		id, of, from := f.GetClient().GetSoftwareId(), f.GetClient().GetOrgId(), ""
		if g := f.GetRegistration(); g != nil {
			id, of, from = g.GetSoftwareId(), g.GetOrgId(), g.GetDirectory()
		}
		if f.GetClient().GetId() != test.client || id != test.software || of != org || from != test.directory {
			t.Errorf("%s: got %v", test.name, f)
		}
	}
}
