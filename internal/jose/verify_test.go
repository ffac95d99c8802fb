package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// verdict parses and verifies: "" is accepted, "signature" is ErrSignature, else it is the rule of form.
func verdict(t testing.TB, token string, keys KeySet) string {
	t.Helper()
	u, err := Parse(token, lax)
	if refusal, ok := errors.AsType[*FormError](err); ok {
		return refusal.Rule
	}
	verified, err := u.Verify(keys)
	switch {
	case err == nil && verified.Raw == token:
		return ""
	case errors.Is(err, ErrSignature) && verified == nil:
		return "signature"
	}
	t.Fatalf("unexpected: %v, %v", verified, err)
	return ""
}

func TestVerifyEveryAlgorithmWithEveryKey(t *testing.T) {
	keys := testKeys()
	signers := map[string]crypto.Signer{"RSA": keys.rsa, "P-256": keys.ec, "Ed25519": keys.ed, "P-384": keys.ec384, "RSA 1024": keys.weakRSA}
	fits := map[string]string{PS256: "RSA", ES256: "P-256", EdDSA: "Ed25519"}
	for _, algorithm := range []string{PS256, ES256, EdDSA, "RS256", "HS256", "none", "ES384", "PS384"} {
		for signerName, signer := range signers {
			for keyName, key := range signers {
				token := compact(t, signer, `{"alg":"`+algorithm+`"}`, goodPayload)
				want := "signature"
				if fits[algorithm] == "" {
					want = "jws.alg"
				} else if fits[algorithm] == signerName && signerName == keyName {
					want = ""
				}
				got := verdict(t, token, setOf(Key{Public: key.Public()}))
				if got != want {
					t.Errorf("%s signed by %s, verified by %s: got %q, want %q", algorithm, signerName, keyName, got, want)
				}
				if want != "jws.alg" && (got == "") != (reference(algorithm, key.Public(), token) && keyName != "RSA 1024") {
					t.Errorf("%s signed by %s, verified by %s: the standard library disagrees", algorithm, signerName, keyName)
				}
			}
		}
	}
}

// A policy that names an algorithm we do not know opens nothing.
func TestVerifyUnknownAlgorithm(t *testing.T) {
	keys := testKeys()
	careless := Policy{Algorithms: []string{"none", "HS256", "RS256"}, Types: []string{""}, MaxBytes: 4096}
	for _, algorithm := range careless.Algorithms {
		u, err := Parse(compact(t, keys.rsa, `{"alg":"`+algorithm+`"}`, goodPayload), careless)
		if err != nil {
			t.Fatal(err)
		}
		everyKey := setOf(Key{Public: keys.rsa.Public()}, Key{Public: keys.ec.Public()}, Key{Public: keys.ed.Public()}, Key{Public: []byte("secret")}, Key{})
		if _, err := u.Verify(everyKey); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: got %v, want %v", algorithm, err, ErrSignature)
		}
	}
}

func TestVerifyForgeries(t *testing.T) {
	keys := testKeys()
	set := setOf(Key{Public: keys.rsa.Public()}, Key{Public: keys.ec.Public()}, Key{Public: keys.ed.Public()})
	for algorithm, signer := range map[string]crypto.Signer{PS256: keys.rsa, ES256: keys.ec, EdDSA: keys.ed} {
		header := `{"alg":"` + algorithm + `"}`
		good := compact(t, signer, header, goodPayload)
		part := strings.Split(good, ".")
		sig, err := base64url.DecodeString(part[2])
		if err != nil {
			t.Fatal(err)
		}
		flipped := append([]byte{sig[0] ^ 1}, sig[1:]...)
		for name, token := range map[string]string{
			"other payload":     part[0] + "." + b64(`{"iss":"other"}`) + "." + part[2],
			"other header":      b64(header+" ") + "." + part[1] + "." + part[2],
			"one bit":           part[0] + "." + part[1] + "." + b64(flipped),
			"cut off":           part[0] + "." + part[1] + "." + b64(sig[:len(sig)-1]),
			"one byte more":     part[0] + "." + part[1] + "." + b64(append(sig, 0)),
			"zero byte before":  part[0] + "." + part[1] + "." + b64(append([]byte{0}, sig...)),
			"zeros":             part[0] + "." + part[1] + "." + b64(make([]byte, len(sig))),
			"one byte":          part[0] + "." + part[1] + "." + b64("a"),
			"the text's digest": part[0] + "." + part[1] + "." + b64(fmt.Sprint(sha256.Sum256([]byte(part[0]+"."+part[1])))),
		} {
			if got := verdict(t, token, set); got != "signature" {
				t.Errorf("%s, %s: got %q, want signature", algorithm, name, got)
			}
		}
		if got := verdict(t, good, set); got != "" {
			t.Errorf("%s, genuine: got %q", algorithm, got)
		}
	}
}

// "The size of the salt value is the same size as the hash function output" (RFC 7518, section 3.5).
func TestVerifySaltLength(t *testing.T) {
	key := testKeys().rsa
	signed := b64(`{"alg":"PS256"}`) + "." + b64(goodPayload)
	for salt, want := range map[int]string{32: "", 20: "signature", 33: "signature", 64: "signature", rsa.PSSSaltLengthAuto: "signature"} {
		sig := signature(t, key, signed, salt)
		if got := verdict(t, signed+"."+b64(sig), setOf(Key{Public: key.Public()})); got != want {
			t.Errorf("salt %d: got %q, want %q", salt, got, want)
		}
	}
	digest := sha256.Sum256([]byte(signed))
	pkcs1, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if got := verdict(t, signed+"."+b64(pkcs1), setOf(Key{Public: key.Public()})); got != "signature" {
		t.Errorf("PKCS #1 1.5: got %q, want signature", got)
	}
}

// This is why PS256 is not left to the library.
func TestLibraryTakesAnySalt(t *testing.T) {
	key := testKeys().rsa
	verifier, err := jws.NewVerifier(jwa.PS256)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify([]byte("signed"), signature(t, key, "signed", 20), &key.PublicKey); err != nil {
		t.Errorf("the library has become strict, our own verification may go: %v", err)
	}
}

// "The JWS Signature value MUST be a 64-octet sequence. If it is not a 64-octet sequence, the validation has failed"
// (RFC 7518, section 3.4).
func TestVerifyES256Encodings(t *testing.T) {
	key := testKeys().ec
	signed := b64(`{"alg":"ES256"}`) + "." + b64(goodPayload)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	order, zero := elliptic.P256().Params().N, new(big.Int)
	for _, test := range []struct {
		name string
		sig  []byte
		want string
	}{
		{"64 bytes", rawSignature(r, s, 32), ""},
		{"the other s, which is as good", rawSignature(r, new(big.Int).Sub(order, s), 32), ""},
		{"DER", der, "signature"},
		{"66 bytes", rawSignature(r, s, 33), "signature"},
		{"96 bytes", rawSignature(r, s, 48), "signature"},
		{"r and s exchanged", rawSignature(s, r, 32), "signature"},
		{"r is 0", rawSignature(zero, s, 32), "signature"},
		{"s is 0", rawSignature(r, zero, 32), "signature"},
		{"both are 0", rawSignature(zero, zero, 32), "signature"},
		{"r is n", rawSignature(order, s, 32), "signature"},
		{"s is n", rawSignature(r, order, 32), "signature"},
		{"both are n", rawSignature(order, order, 32), "signature"},
		{"all ones", []byte(strings.Repeat("\xff", 64)), "signature"},
	} {
		token := signed + "." + b64(test.sig)
		if got := verdict(t, token, setOf(Key{Public: key.Public()})); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if reference(ES256, key.Public(), token) != (test.want == "") {
			t.Errorf("%s: the standard library disagrees", test.name)
		}
	}
}

func TestVerifyChoosesKeys(t *testing.T) {
	keys := testKeys()
	signer, other := keys.ec.Public(), keys.otherEC.Public()
	const named, nameless = `{"alg":"ES256","kid":"k1"}`, `{"alg":"ES256"}`
	crowd := func(others int) []Key {
		set := make([]Key, others)
		for i := range set {
			set[i].Public = other
		}
		return append(set, Key{Public: signer})
	}
	weak := keys.weakRSA.Public()
	even := &rsa.PublicKey{N: keys.rsa.N, E: 65538}
	for _, test := range []struct {
		name, header string
		keys         []Key
		want         string
	}{
		{"no keys", named, nil, "signature"},
		{"kid fits", named, []Key{{ID: "k0", Public: other}, {ID: "k1", Public: signer}}, ""},
		{"kid of another key", named, []Key{{ID: "k1", Public: other}, {ID: "k2", Public: signer}}, "signature"},
		{"kid differs in case", named, []Key{{ID: "K1", Public: signer}}, "signature"},
		{"kid, and the key has none", named, []Key{{Public: signer}}, "signature"},
		{"no kid, key has one", nameless, []Key{{ID: "k1", Public: signer}}, ""},
		{"one kid, several types", named, []Key{{ID: "k1", Public: keys.rsa.Public()}, {ID: "k1", Public: keys.ed.Public()}, {ID: "k1", Public: signer}}, ""},
		{"one kid, twice the type", named, []Key{{ID: "k1", Public: other}, {ID: "k1", Public: signer}}, ""},
		{"key's alg fits", named, []Key{{ID: "k1", Algorithm: ES256, Public: signer}}, ""},
		{"key's alg is foreign", named, []Key{{ID: "k1", Algorithm: "ES384", Public: signer}}, "signature"},
		{"key's alg is another of ours", named, []Key{{ID: "k1", Algorithm: PS256, Public: signer}}, "signature"},
		{"sixteenth", nameless, crowd(15), ""},
		{"seventeenth", nameless, crowd(16), "signature"},
		{"those of no use do not count", nameless, append([]Key{{Public: weak}, {Public: even}, {Public: nil}}, crowd(15)...), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := compact(t, keys.ec, test.header, goodPayload)
			if got := verdict(t, token, setOf(test.keys...)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestVerifyZeroValues(t *testing.T) {
	if _, err := (&Unverified{}).Verify(setOf(Key{Public: testKeys().ec.Public()})); !errors.Is(err, ErrSignature) {
		t.Errorf("zero token: got %v, want %v", err, ErrSignature)
	}
	if _, err := (&Unverified{Algorithm: EdDSA}).Verify(setOf(Key{Public: ed25519.PublicKey{}})); !errors.Is(err, ErrSignature) {
		t.Errorf("empty key: got %v, want %v", err, ErrSignature)
	}
}

func TestVerifiedHoldsTheToken(t *testing.T) {
	key := testKeys().ed
	u, err := Parse(compact(t, key, `{"alg":"EdDSA","kid":"k1"}`, goodPayload), lax)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := u.Verify(setOf(Key{ID: "k1", Public: key.Public()}))
	if err != nil {
		t.Fatal(err)
	}
	if exp, err := verified.Claims.Int("exp"); err != nil || exp != 1700000000 || len(verified.Keys) != 1 || verified.Keys[0].ID != "k1" {
		t.Errorf("got exp %d (%v), keys %v", exp, err, verified.Keys)
	}
}

// A key has every kid that the set has for it, whatever the token calls it.
func TestVerifiedNamesTheKey(t *testing.T) {
	key, other := testKeys().ed, testKeys().ec
	set := setOf(Key{ID: "b", Public: other.Public()}, Key{ID: "k1", Public: key.Public()}, Key{Public: key.Public()}, Key{ID: "k2", Public: key.Public()})
	for _, header := range []string{`{"alg":"EdDSA","kid":"k1"}`, `{"alg":"EdDSA","kid":"k2"}`, `{"alg":"EdDSA"}`} {
		u, err := Parse(compact(t, key, header, goodPayload), lax)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := u.Verify(set)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, k := range verified.Keys {
			names[k.ID] = true
			if k.Thumbprint() != set.Signing[1].Thumbprint() {
				t.Errorf("%s: %q is another key", header, k.ID)
			}
		}
		if len(names) != 3 || !names["k1"] || !names["k2"] || !names[""] {
			t.Errorf("%s: got %v", header, names)
		}
	}
}

func TestRevokes(t *testing.T) {
	key := testKeys().ec
	members := ecMembers(t, "P-256", &key.PublicKey)
	for _, test := range []struct {
		name, revoked string
		want          bool
	}{
		{"its kid and key", `{"kid":"k1",` + members + `}`, true},
		{"its kid alone", `{"kid":"k1"}`, true},
		{"the key under another kid", `{"kid":"k9",` + members + `}`, true},
		{"the key without kid, for TLS", `{"use":"tls",` + members + `}`, true},
		{"the key with its private half", `{"d":"AQ",` + members + `}`, true},
		{"another kid", `{"kid":"k9"}`, false},
		{"nothing", `{}`, false},
	} {
		for _, keys := range [][]Key{{{ID: "k1", Public: key.Public()}}, {{Public: key.Public()}, {ID: "k1", Public: key.Public()}}} {
			if got := parseSet(t, test.revoked).Revokes(keys); got != test.want {
				t.Errorf("%s: got %t, want %t", test.name, got, test.want)
			}
		}
	}
	if (KeySet{}).Revokes([]Key{{}}) || parseSet(t, `{"kid":""}`).Revokes([]Key{{}}) {
		t.Error("a key without a name is revoked")
	}
}

// keep is here so that no result is optimised away.
var keep *Verified

func BenchmarkVerify(b *testing.B) {
	keys := testKeys()
	payload := `{"iss":"https://as.example","sub":"client","aud":"https://rs.example","jti":"b9c0","iat":1700000000,` +
		`"exp":1700000300,"cnf":{"x5t#S256":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"},"scope":"accounts"}`
	for algorithm, signer := range map[string]crypto.Signer{PS256: keys.rsa, ES256: keys.ec, EdDSA: keys.ed} {
		token := compact(b, signer, `{"alg":"`+algorithm+`","typ":"JWT","kid":"k1"}`, payload)
		set := setOf(Key{ID: "k0", Public: signer.Public()}, Key{ID: "k1", Public: signer.Public()})
		b.Run(algorithm, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u, err := Parse(token, lax)
				if err != nil {
					b.Fatal(err)
				}
				if keep, err = u.Verify(set); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
