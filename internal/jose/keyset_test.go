package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// The members of a JWK that make its key, without braces.
func rsaMembers(n *big.Int, e int64) string {
	return fmt.Sprintf(`"kty":"RSA","n":%q,"e":%q`, b64(n.Bytes()), b64(big.NewInt(e).Bytes()))
}

func ecMembers(t testing.TB, curve string, key *ecdsa.PublicKey) string {
	t.Helper()
	point, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := len(point) / 2
	return fmt.Sprintf(`"kty":"EC","crv":%q,"x":%q,"y":%q`, curve, b64(point[1:half+1]), b64(point[half+1:]))
}

func parseSet(t testing.TB, members ...string) KeySet {
	t.Helper()
	set, err := ParseKeySet([]byte(`{"keys":[` + strings.Join(members, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestParseKeySetTakesOnlyUsableKeys(t *testing.T) {
	keys := testKeys()
	r, e := rsaMembers(keys.rsa.N, 65537), ecMembers(t, "P-256", &keys.ec.PublicKey)
	o := `"kty":"OKP","crv":"Ed25519","x":"` + b64(keys.ed[32:]) + `"`
	x := b64(strings.Repeat("\x01", 32))
	huge := new(big.Int).Lsh(big.NewInt(1), 8192)
	even := new(big.Int).SetBit(keys.rsa.N, 0, 0)
	for _, test := range []struct {
		name, member string
		want         bool
	}{
		{"RSA", r, true},
		{"P-256", e, true},
		{"Ed25519", o, true},
		{"use sig", e + `,"use":"sig"`, true},
		{"key_ops verify", e + `,"key_ops":["sign","verify"]`, true},
		{"foreign alg is kept", r + `,"alg":"RSA-OAEP"`, true},
		{"unknown members", e + `,"foo":{"bar":[1]}`, true},
		{"8192 bits", rsaMembers(new(big.Int).Sub(huge, big.NewInt(1)), 65537), true},
		{"largest exponent", rsaMembers(keys.rsa.N, 1<<31-1), true},
		{"modulus with a zero before", strings.Replace(r, b64(keys.rsa.N.Bytes()), b64(append([]byte{0}, keys.rsa.N.Bytes()...)), 1), true},

		{"use tls", e + `,"use":"tls"`, false},
		{"use enc", e + `,"use":"enc"`, false},
		{"use SIG", e + `,"use":"SIG"`, false},
		{"use empty", e + `,"use":""`, false},
		{"null for what is absent", e + `,"use":null,"key_ops":null,"alg":null,"kid":null,"x5c":null,"d":null`, true},
		{"key_ops without verify", e + `,"key_ops":["sign"]`, false},
		{"key_ops empty", e + `,"key_ops":[]`, false},
		{"key_ops no list", e + `,"key_ops":"verify"`, false},
		{"alg no string", e + `,"alg":1`, false},
		{"kid no string", e + `,"kid":1`, false},

		{"symmetric", `"kty":"oct","k":"c2VjcmV0"`, false},
		{"symmetric without k", `"kty":"oct"`, false},
		{"RSA with k", r + `,"k":"c2VjcmV0"`, false},
		{"private RSA", r + `,"d":"AQ"`, false},
		{"private P-256", e + `,"d":"AQ"`, false},
		{"private Ed25519", o + `,"d":"AQ"`, false},
		{"RSA with a prime", r + `,"p":"AQ"`, false},
		{"RSA with the other prime", r + `,"q":"AQ"`, false},
		{"RSA with dp", r + `,"dp":"AQ"`, false},
		{"RSA with dq", r + `,"dq":"AQ"`, false},
		{"RSA with qi", r + `,"qi":"AQ"`, false},
		{"RSA with more primes", r + `,"oth":[]`, false},

		{"no kty", `"n":"AQ","e":"AQAB"`, false},
		{"unknown kty", `"kty":"LMS"`, false},
		{"kty in small letters", strings.Replace(r, "RSA", "rsa", 1), false},
		{"empty", ``, false},
		{"kty null", strings.Replace(e, `"EC"`, `null`, 1), false},
		{"a member twice", e + `,"use":"sig","use":"sig"`, false},
		{"a name that is not ASCII", e + `,"\u00fc":1`, false},
		{"half a surrogate pair", e + `,"kid":"\ud800"`, false},

		{"1024 bits", rsaMembers(keys.weakRSA.N, 65537), false},
		{"2047 bits", rsaMembers(new(big.Int).SetBit(new(big.Int).Rsh(keys.rsa.N, 1), 0, 1), 65537), false},
		{"8193 bits", rsaMembers(new(big.Int).Add(huge, big.NewInt(1)), 65537), false},
		{"even modulus", rsaMembers(even, 65537), false},
		{"exponent 1", rsaMembers(keys.rsa.N, 1), false},
		{"exponent 3", rsaMembers(keys.rsa.N, 3), false},
		{"even exponent", rsaMembers(keys.rsa.N, 65538), false},
		{"exponent beyond 31 bits", rsaMembers(keys.rsa.N, 1<<31+1), false},
		{"exponent that would overflow", strings.Replace(r, `"AQAB"`, `"`+b64("\x01\x00\x00\x00\x00\x00\x01\x00\x01")+`"`, 1), false},
		{"no exponent", `"kty":"RSA","n":"` + b64(keys.rsa.N.Bytes()) + `"`, false},
		{"no modulus", `"kty":"RSA","e":"AQAB"`, false},
		{"padding", strings.Replace(r, `"AQAB"`, `"AAEAAQ=="`, 1), false},
		{"exponent is a number", strings.Replace(r, `"AQAB"`, `65537`, 1), false},

		{"P-384", ecMembers(t, "P-384", &keys.ec384.PublicKey), false},
		{"P-384 called P-256", ecMembers(t, "P-256", &keys.ec384.PublicKey), false},
		{"P-256 called P-384", ecMembers(t, "P-384", &keys.ec.PublicKey), false},
		{"no curve", strings.Replace(e, `"crv":"P-256",`, "", 1), false},
		{"off the curve", `"kty":"EC","crv":"P-256","x":"` + x + `","y":"` + x + `"`, false},
		{"infinity", `"kty":"EC","crv":"P-256","x":"","y":""`, false},
		{"zero point", `"kty":"EC","crv":"P-256","x":"` + b64(make([]byte, 32)) + `","y":"` + b64(make([]byte, 32)) + `"`, false},
		{"short coordinate", `"kty":"EC","crv":"P-256","x":"AQ","y":"` + x + `"`, false},

		{"X25519", `"kty":"OKP","crv":"X25519","x":"` + x + `"`, false},
		{"Ed25519, short", `"kty":"OKP","crv":"Ed25519","x":"AQ"`, false},
		{"Ed25519 without key", `"kty":"OKP","crv":"Ed25519"`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			// A good key beside it shows that one bad key does not spoil the set.
			set := parseSet(t, "{"+test.member+"}", "{"+e+`,"kid":"good"}`)
			if got := len(set.Signing) == 2; got != test.want || set.Signing[len(set.Signing)-1].ID != "good" || set.Members != 2 {
				t.Errorf("taken: %t, want %t", got, test.want)
			}
		})
	}
}

func TestParseKeySetKeepsIdentity(t *testing.T) {
	keys := testKeys()
	set := parseSet(t, `{`+ecMembers(t, "P-256", &keys.ec.PublicKey)+`,"kid":"k","alg":"ES256"}`,
		`{`+rsaMembers(keys.rsa.N, 65537)+`,"kid":"k"}`)
	if len(set.Signing) != 2 || set.Signing[0].ID != "k" || set.Signing[1].ID != "k" || set.Signing[0].Algorithm != ES256 ||
		set.Signing[1].Algorithm != "" {
		t.Errorf("two keys of one kid: got %+v", set.Signing)
	}
	if !keys.ec.PublicKey.Equal(set.Signing[0].Public) || !keys.rsa.PublicKey.Equal(set.Signing[1].Public) {
		t.Error("the keys are not those of the set")
	}
}

func TestParseKeySetDocuments(t *testing.T) {
	key := "{" + ecMembers(t, "P-256", &testKeys().ec.PublicKey)
	many := func(n int, more string) string { return strings.TrimSuffix(strings.Repeat(key+more+`},`, n), ",") }
	for _, test := range []struct{ name, document, want string }{
		{"empty set", `{"keys":[]}`, ""},
		{"other members", `{"foo":1,"keys":[{}]}`, ""},
		{"64 keys", `{"keys":[` + many(64, "") + `]}`, ""},
		{"64 keys, and more for other uses", `{"keys":[` + many(64, `,"use":"sig"`) + "," + many(64, `,"use":"tls"`) + "," + many(64, `,"use":"enc"`) + `]}`, ""},
		{"largest", `{"keys":[]}` + strings.Repeat(" ", MaxKeySetBytes-11), ""},
		{"4097 members", `{"keys":[` + strings.Repeat("{},", 4096) + `{}]}`, "it has 4097 keys; at most 4096 are read"},
		{"65 keys", `{"keys":[` + many(65, "") + `]}`, "it has 65 keys for signatures; at most 64 are read"},
		{"too large", `{"keys":[]}` + strings.Repeat(" ", MaxKeySetBytes), "it is larger than the 262144 bytes that are read"},
		{"no JSON", `<html>`, "key set: json: it is not an object"},
		{"broken JSON", `{"keys":[}`, "key set: json: it is not JSON from character 10 on"},
		{"nothing", ``, "key set: json: it is empty"},
		{"a list", `[]`, "key set: json: it is an array"},
		{"no keys", `{}`, "key set: keys is missing"},
		{"keys is null", `{"keys":null}`, "key set: keys has the wrong type: want an array"},
		{"one key for the set", `{"keys":{}}`, "key set: keys has the wrong type: want an array"},
		{"members that are no objects", `{"keys":[{},1,null,"x",[]]}`, ""},
		{"twice", `{"keys":[],"keys":[]}`, "key set: json: keys is named twice"},
		{"twice, in another case", `{"keys":[],"Keys":[]}`, "key set: json: keys is named twice"},
		{"in another case", `{"Keys":[]}`, "key set: keys is missing"},
		{"twice in a key", `{"keys":[{"kid":"a","kid":"b"}]}`, ""},
		{"forged member name", `{"keys":[{"a\":0,\"use":"x"}]}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if _, err := ParseKeySet([]byte(test.document)); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseKeySetIndexes(t *testing.T) {
	der := []byte("certificate")
	sum := sha256.Sum256(der)
	computed, claimed := b64(sum[:]), b64(strings.Repeat("\x07", 32))
	x5c := `"x5c":["` + base64.StdEncoding.EncodeToString(der) + `","AQ=="]`
	for _, test := range []struct {
		name, member               string
		keyIDs, certificates, tlss []string
	}{
		{name: "signing key", member: `"kid":"a","use":"sig",` + x5c, keyIDs: []string{"a"}, certificates: []string{computed}},
		{name: "TLS key", member: `"kid":"a","use":"tls",` + x5c, keyIDs: []string{"a"}, certificates: []string{computed}, tlss: []string{computed}},
		{name: "x5c before x5t#S256", member: `"use":"tls","x5t#S256":"` + claimed + `",` + x5c, certificates: []string{computed}, tlss: []string{computed}},
		{name: "x5t#S256", member: `"use":"tls","x5t#S256":"` + claimed + `"`, certificates: []string{claimed}, tlss: []string{claimed}},
		{name: "x5t#S256 with padding", member: `"x5t#S256":"` + claimed + `="`, certificates: []string{claimed}},
		{name: "x5c cannot be read", member: `"x5t#S256":"` + claimed + `","x5c":["?"]`, certificates: []string{claimed}},
		{name: "x5c is empty", member: `"x5t#S256":"` + claimed + `","x5c":[]`, certificates: []string{claimed}},
		{name: "x5c with nothing in it", member: `"x5c":[""]`},
		{name: "x5t#S256 of another length", member: `"x5t#S256":"AQAB"`},
		{name: "x5t#S256 is no string", member: `"x5t#S256":1`},
		{name: "key of an unknown kind", member: `"kid":"a","kty":"LMS"`, keyIDs: []string{"a"}},
		{name: "symmetric key", member: `"kid":"a","kty":"oct","k":"AQ"`, keyIDs: []string{"a"}},
		{name: "TLS key with its private key", member: `"kid":"a","use":"tls","d":"AQ",` + x5c, keyIDs: []string{"a"}, certificates: []string{computed}},
		{name: "empty kid", member: `"kid":""`},
		{name: "kid is no string", member: `"kid":7`},
	} {
		t.Run(test.name, func(t *testing.T) {
			set := parseSet(t, "{"+test.member+"}")
			for _, index := range []struct {
				name string
				got  map[string]bool
				want []string
			}{{"KeyIDs", set.KeyIDs, test.keyIDs}, {"Certificates", set.Certificates, test.certificates}, {"TLS", set.TLS, test.tlss}} {
				if got := slices.Collect(maps.Keys(index.got)); !slices.Equal(got, index.want) {
					t.Errorf("%s: got %q, want %q", index.name, got, index.want)
				}
			}
			if len(set.Signing) != 0 || len(set.Thumbprints) != 0 {
				t.Error("a member without a key signs")
			}
		})
	}
}

func TestPublicJWK(t *testing.T) {
	keys := testKeys()
	for _, test := range []struct {
		algorithm string
		public    any
		want      error
	}{
		{PS256, keys.rsa.Public(), nil},
		{ES256, keys.ec.Public(), nil},
		{EdDSA, keys.ed.Public(), nil},
		{ES256, keys.rsa.Public(), errKey},
		{PS256, keys.weakRSA.Public(), errKey},
		{"RS256", keys.rsa.Public(), errKey},
		{ES256, keys.ec384.Public(), errKey},
		{"", keys.ed.Public(), errKey},
		{EdDSA, keys.ed, errKey}, // a private key
		{PS256, rsa.PublicKey{}, errKey},
		{EdDSA, nil, errKey},
	} {
		jwk, kid, err := PublicJWK(test.public, test.algorithm)
		if err != test.want {
			t.Errorf("%s of %T: got %v, want %v", test.algorithm, test.public, err, test.want)
		}
		if err != nil {
			continue
		}
		set := parseSet(t, string(jwk))
		if len(set.Signing) != 1 || set.Signing[0].ID != kid || set.Signing[0].Algorithm != test.algorithm ||
			!test.public.(interface{ Equal(crypto.PublicKey) bool }).Equal(set.Signing[0].Public) {
			t.Errorf("%s: read back as %+v", test.algorithm, set.Signing)
		}
		if !strings.Contains(string(jwk), `"use":"sig"`) {
			t.Errorf("%s: no use", test.algorithm)
		}
	}
}

// The certificates of signing keys say until when their owner means to use them; those of other keys do not count.
func TestParseKeySetCertified(t *testing.T) {
	member := func(end time.Time) string {
		template := x509.Certificate{NotBefore: end.Add(-time.Hour), NotAfter: end}
		pair := testkit.Certify(t, nil, template, nil)
		jwk, _, err := PublicJWK(pair.Key.Public(), "ES256")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(jwk), "}") + `,"x5c":["` + base64.StdEncoding.EncodeToString(pair.Certificate.Raw) + `"]}`
	}
	last := time.Unix(1900000000, 0)
	use := strings.NewReplacer(`"use":"sig"`, `"use":"tls"`)
	set, err := ParseKeySet([]byte(`{"keys":[` + member(last.Add(-time.Hour)) + "," + member(last) + "," + use.Replace(member(last.Add(time.Hour))) + `]}`))
	if err != nil || len(set.Signing) != 2 || !set.Certified.Equal(last) {
		t.Errorf("%d keys, certified until %v, %v", len(set.Signing), set.Certified, err)
	}
	if none, err := ParseKeySet([]byte(`{"keys":[]}`)); err != nil || !none.Certified.IsZero() {
		t.Errorf("without keys: %v, %v", none.Certified, err)
	}
}
