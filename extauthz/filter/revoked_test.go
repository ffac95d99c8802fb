package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// called is the key under another kid.
func (k key) called(kid string) key {
	k.jwk = strings.Replace(k.jwk, `"kid":"`+k.kid+`"`, `"kid":"`+kid+`"`, 1)
	k.kid = kid
	return k
}

// TestRevokedKey signs client assertions, requests and software statements with a revoked key. The token names the key by
// its kid, by another kid under which the directory also publishes it, or not at all. The directory still lists the key,
// or the gate has cached the set from which it was removed.
func TestRevokedKey(t *testing.T) {
	w := newWorld(t)
	const otherKID = "the same key"
	revocations := map[string]string{
		"the key":           w.keys.software.jwk,
		"its kid alone":     `{"kty":"EC","kid":"` + w.keys.software.kid + `"}`,
		"under another kid": w.keys.software.called("renamed").jwk,
		"without a kid":     strings.Replace(w.keys.software.jwk, `"kid":"`+w.keys.software.kid+`",`, "", 1),
	}
	signers := map[string]struct {
		key    key
		header claims
	}{
		"with its kid":    {key: w.keys.software},
		"without kid":     {key: w.keys.software, header: claims{"kid": nil}},
		"with other kid":  {key: w.keys.software.called(otherKID)},
		"with unused key": {key: w.keys.softwareRSA},
	}
	for revoked, jwk := range revocations {
		for signed, signer := range signers {
			for _, cached := range []bool{false, true} {
				name := map[bool]string{false: "still in the active set", true: "cached"}[cached]
				t.Run("revoked "+revoked+", "+signed+", "+name, func(t *testing.T) {
					w := w.in(t)
					defer w.publish()
					client := w.client()
					assertion := w.chain("certificate", "clientauth")
					request := w.chain("certificate", "statement")
					asserting := func() *filter.Request {
						return w.asserting(signer.key.sign(t, signer.header, w.assertionClaims(client)))
					}
					registering := func() *filter.Request {
						a := w.application()
						a.requestKey = signer.key
						return w.registering(a)
					}
					both := []string{w.keys.software.jwk, w.keys.software.called(otherKID).jwk, w.keys.softwareRSA.jwk}
					w.keystore.set("software", both...)
					good := signed == "with unused key"
					if !good {
						want(t, w.authenticate(assertion, asserting()), "")
					}
					if signer.header == nil { // requests must have a kid
						want(t, w.register(request, registering()), "")
					}

					w.keystore.set("revoked", jwk)
					if cached {
						w.keystore.set("software", w.keys.softwareRSA.jwk)
					}
					w.now = w.now.Add(2 * time.Second)
					if !good {
						want(t, w.authenticate(assertion, asserting()), unknownClient)
					}
					if signer.header == nil {
						want(t, w.register(request, registering()), map[bool]string{true: "", false: unapproved + "keys.revoked"}[good])
					}
				})
			}
		}
	}

	w.keystore.set("org-revoked", w.keys.directory.jwk)
	want(t, w.register(w.chain("certificate", "statement"), w.registering(w.application())), unapproved+"keys.revoked")
	w.publish()
}

// TestReplacedKey publishes another key under a kid that the gate has cached. A signature that fails under a known kid makes
// the gate fetch the set once more, and only once a minute.
func TestReplacedKey(t *testing.T) {
	w := newWorld(t)
	client := w.client()
	assertion, request := w.chain("certificate", "clientauth"), w.chain("certificate", "statement")
	good := func(signer key) string {
		r := w.asserting(signer.sign(t, nil, w.assertionClaims(client)))
		return verdict(t, w.authenticate(assertion, r))
	}
	register := func(signer, directory key) string {
		a := w.application()
		a.requestKey, a.statementKey = signer, directory
		return verdict(t, w.register(request, w.registering(a)))
	}
	if got := good(w.keys.software) + register(w.keys.software, w.keys.directory); got != "" {
		t.Fatal(got)
	}
	next, directory := newEC(t).called(w.keys.software.kid), newEC(t).called(w.keys.directory.kid)
	w.keystore.set("software", next.jwk)
	w.keystore.set("directory", directory.jwk)
	w.now = w.now.Add(2 * time.Second)
	w.keystore.taken()
	for range 3 {
		if got := good(next); got != "" {
			t.Errorf("the key that replaced it: got %q", got)
		}
		if got := register(next, directory); got != "" {
			t.Errorf("a request and a statement by the keys that replaced others: got %q", got)
		}
		if got := good(w.keys.software); got != unknownClient {
			t.Errorf("the key that was replaced: got %q", got)
		}
	}
	if got := w.keystore.taken(); strings.Contains(got, "directory*2") || strings.Contains(got, "software*3") {
		t.Errorf("fetched %q, want one more fetch of each set", got)
	}
}
