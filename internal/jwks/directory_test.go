package jwks

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// directory publishes a key set; source asks it.
type directory struct {
	*testkit.Publisher
	clock  *testkit.Clock
	source *Source
}

func newDirectory(t *testing.T) *directory {
	t.Helper()
	d := &directory{clock: testkit.NewClock(), Publisher: testkit.Publish(t, keySet(t, "kid-1"))}
	d.source = New(d.Client(), d.clock.Now, 0)
	return d
}

// want asks for the keys at /keys and checks the answer and the number of fetches it took, those in the background
// included.
func (d *directory) want(t *testing.T, kid string, want error, fetches int) jose.KeySet {
	t.Helper()
	set, err := d.source.Keys(t.Context(), d.URL+"/keys", kid)
	d.took(t, "/keys", fetches)
	check(t, err, want)
	return set
}

// took checks the number of fetches since it was asked last.
func (d *directory) took(t *testing.T, path string, fetches int) {
	t.Helper()
	d.source.sets.Wait()
	if got := d.Fetches(path); got != fetches {
		t.Fatalf("%d fetches, want %d", got, fetches)
	}
}

func check(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func holds(t *testing.T, set jose.KeySet, kid string, want bool) {
	t.Helper()
	if set.KeyIDs[kid] != want {
		t.Fatalf("set has %s: %t, want %t", kid, set.KeyIDs[kid], want)
	}
}

// keySet writes a JWK Set of EC keys.
func keySet(t testing.TB, kids ...string) string {
	t.Helper()
	members := []map[string]string{}
	for _, kid := range kids {
		point, err := testkit.EC(t).PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		members = append(members, map[string]string{
			"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
		})
	}
	document, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}
