package jwks

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// tlsSet writes a JWK Set of certificates, by thumbprints of one letter.
func tlsSet(t *testing.T, letters string) string {
	t.Helper()
	members := []map[string]string{{"kty": "EC", "kid": "signing", "use": "sig"}}
	for _, letter := range strings.Split(letters, "") {
		members = append(members, map[string]string{"kty": "EC", "kid": letter, "use": "tls", "x5t#S256": listed(letter)})
	}
	document, err := json.Marshal(map[string]any{"keys": members})
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// listed is a thumbprint of one letter. A last digit holds four bits only.
func listed(letter string) string { return strings.Repeat(letter, 42) + "A" }

// lists asks whether a certificate is listed, and checks the answer and the number of fetches it took.
func (d *directory) lists(t *testing.T, letter string, want bool, failed error, fetches int) {
	t.Helper()
	set, err := d.source.Listing(t.Context(), d.URL+"/keys", listed(letter), Now)
	d.took(t, "/keys", fetches)
	check(t, err, failed)
	if set.TLS[listed(letter)] != want {
		t.Fatalf("lists %s: %t, want %t", letter, !want, want)
	}
}

func TestUnknownCertificate(t *testing.T) {
	d := newDirectory(t)
	d.Answer(http.StatusOK, tlsSet(t, "a"))
	d.lists(t, "a", true, nil, 1)
	d.lists(t, "b", false, nil, 0) // fetched just now
	d.clock.Advance(justNow)
	d.lists(t, "a", true, nil, 0)

	d.Answer(http.StatusOK, tlsSet(t, "ab"))
	d.lists(t, "b", true, nil, 1)
	d.clock.Advance(justNow)
	for range 100 {
		d.lists(t, "c", false, nil, 0) // within the cool-down
	}
	d.clock.Advance(time.Minute)
	d.lists(t, "c", false, nil, 1)

	d.Answer(http.StatusBadGateway, "")
	d.clock.Advance(10 * time.Minute)
	d.lists(t, "a", true, nil, 1)
	d.lists(t, "c", false, ErrUnavailable, 0) // a stale set says nothing about new certificates
	d.clock.Advance(50 * time.Minute)
	d.lists(t, "a", false, ErrUnavailable, 1)
}

// Calls may find a revocation later than registrations do: as the directory says, and ten seconds at most.
func TestRevokedLately(t *testing.T) {
	for header, want := range map[string]time.Duration{"": callTTL, "max-age=600": callTTL, "max-age=4": 4 * time.Second, "max-age=1": revokedTTL, "no-store": revokedTTL} {
		t.Run(header, func(t *testing.T) {
			d := newDirectory(t)
			d.Set("Cache-Control", header)
			ask := func(from func(url string) (jose.KeySet, error), kid string, fetches int) {
				t.Helper()
				set, err := from(d.URL + "/keys")
				d.took(t, "/keys", fetches)
				check(t, err, nil)
				holds(t, set, kid, true)
			}
			lately := func(url string) (jose.KeySet, error) { return d.source.Revoked(t.Context(), url, Lately) }
			now := func(url string) (jose.KeySet, error) { return d.source.Revoked(t.Context(), url, Now) }
			ask(lately, "kid-1", 1)
			d.clock.Advance(want*4/5 - time.Millisecond)
			ask(lately, "kid-1", 0)
			d.Answer(http.StatusOK, keySet(t, "kid-2"))
			d.clock.Advance(want/5 + time.Millisecond)
			ask(lately, "kid-2", 1)

			d.Answer(http.StatusOK, keySet(t, "kid-3"))
			d.clock.Advance(revokedTTL)
			ask(now, "kid-3", 1) // a registration waits
			ask(lately, "kid-3", 0)
			d.Answer(http.StatusInternalServerError, "")
			d.clock.Advance(5*time.Minute - time.Second)
			ask(lately, "kid-3", 1)
			d.clock.Advance(time.Second)
			_, err := lately(d.URL + "/keys")
			check(t, err, ErrUnavailable)
		})
	}
}
