package jose

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzParse checks that nothing crashes, and that no token is accepted that the standard library refuses.
func FuzzParse(f *testing.F) {
	keys := parseSet(f, rfc7515Key, rfc7638Key, rfc8037Key)
	f.Add(rfc7515Token)
	f.Add(rfc8037Token)
	f.Add(form(goodHeader, goodPayload))
	f.Add(form(`{"alg":"none"}`, `{}`))
	f.Add(form(`{"alg":"ES256","crit":["b64"],"b64":false}`, goodPayload))
	f.Add(strings.Replace(rfc7515Token, ".", "..", 1))
	f.Add(rfc7515Token + "=")
	f.Fuzz(func(t *testing.T, token string) {
		u, err := Parse(token, lax)
		if err != nil {
			formRule(t, err)
			return
		}
		part := strings.Split(token, ".")
		if len(part) != 3 || b64(u.signature) != part[2] || u.signed != part[0]+"."+part[1] {
			t.Fatal("accepted something else than was written")
		}
		var header map[string]any
		decoded, _ := base64url.DecodeString(part[0])
		err = json.Unmarshal(decoded, &header)
		if kid, _ := header["kid"].(string); err != nil || header["alg"] != u.Algorithm || kid != u.KeyID {
			t.Fatalf("encoding/json reads another header: %v", err)
		}
		if _, err := u.Verify(keys); err != nil {
			return
		}
		for _, key := range keys.Signing {
			if reference(u.Algorithm, key.Public, token) {
				return
			}
		}
		t.Fatal("accepted, and the standard library refuses it")
	})
}

// FuzzVerify changes the signature of a genuine token.
func FuzzVerify(f *testing.F) {
	keys := parseSet(f, rfc7515Key)
	parts, err := split(rfc7515Token, len(rfc7515Token))
	if err != nil {
		f.Fatal(err)
	}
	sig, err := decode(parts.signature)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sig)
	f.Add(sig[1:])
	f.Add(append([]byte{0}, sig...))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, sig []byte) {
		token := parts.signed + "." + b64(sig)
		accepted := verdict(t, token, keys) == ""
		if accepted != reference(ES256, keys.Signing[0].Public, token) {
			t.Fatalf("accepted: %t, and the standard library disagrees", accepted)
		}
	})
}

// FuzzParseKeySet checks that nothing crashes and that all keys of a set may be used, are written and read again.
func FuzzParseKeySet(f *testing.F) {
	for _, seed := range []string{
		`{"keys":[]}`, `{"keys":[` + rfc7515Key + `,` + rfc7638Key + `,` + rfc8037Key + `]}`,
		`{"keys":[{"kty":"oct","k":"AQ","kid":"a"},{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","d":"AQ"}]}`,
		`{"keys":[{"use":"tls","x5t#S256":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=","x5c":["AQ=="]}]}`,
		`{"keys":[{"a\":0,\"use":"sig"}]}`, `{"keys":[1]}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		set, err := ParseKeySet(document)
		if err != nil {
			return
		}
		for _, key := range set.Signing {
			checkKey(t, key)
		}
		for thumbprint := range set.TLS {
			if !set.Certificates[thumbprint] {
				t.Fatal("a TLS certificate that is no certificate of the set")
			}
		}
	})
}

func checkKey(t *testing.T, key Key) {
	t.Helper()
	written := 0
	for _, algorithm := range []string{PS256, ES256, EdDSA} {
		if !suits(key.Public, algorithm) {
			continue
		}
		jwk, kid, err := PublicJWK(key.Public, algorithm)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseKeySet([]byte(`{"keys":[` + string(jwk) + `]}`))
		if err != nil || len(again.Signing) != 1 || again.Signing[0].ID != kid {
			t.Fatalf("written and read again: %v, %v", again.Signing, err)
		}
		written++
	}
	if written != 1 {
		t.Fatalf("the key suits %d algorithms", written)
	}
}
