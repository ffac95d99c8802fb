package jose

import (
	"testing"
)

// The examples that the standards print.

const (
	// RFC 7515, appendix A.3: ES256.
	rfc7515Token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290" +
		"Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	rfc7515Key = `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`

	// RFC 7638, section 3.1.
	rfc7638Key = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst` +
		`n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS` +
		`D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	rfc7638Thumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

	// RFC 8037, appendices A.2 to A.4: Ed25519. The payload is a sentence.
	rfc8037Key        = `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	rfc8037Thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
	rfc8037Token      = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)

func TestVectorsES256(t *testing.T) {
	set := parseSet(t, rfc7515Key)
	if got := verdict(t, rfc7515Token, set); got != "" {
		t.Errorf("RFC 7515, A.3: got %q", got)
	}
	if got := verdict(t, rfc7515Token, parseSet(t, rfc8037Key, rfc7638Key)); got != "signature" {
		t.Errorf("RFC 7515, A.3, with other keys: got %q, want signature", got)
	}
}

func TestVectorsEdDSA(t *testing.T) {
	if got := verdict(t, rfc8037Token, KeySet{}); got != "jws.payload" {
		t.Errorf("RFC 8037, A.4: got %q, want jws.payload", got)
	}
	parts, err := split(rfc8037Token, 4096)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := decode(parts.signature)
	if err != nil {
		t.Fatal(err)
	}
	if !verifies(parseSet(t, rfc8037Key).Signing[0].Public, []byte(parts.signed), sig) {
		t.Error("RFC 8037, A.4: the signature does not verify")
	}
}

func TestVectorsThumbprints(t *testing.T) {
	for _, test := range []struct{ name, key, algorithm, want string }{
		{"RFC 7638, 3.1", rfc7638Key, PS256, rfc7638Thumbprint},
		{"RFC 8037, A.3", rfc8037Key, EdDSA, rfc8037Thumbprint},
	} {
		_, kid, err := PublicJWK(parseSet(t, test.key).Signing[0].Public, test.algorithm)
		if err != nil || kid != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, kid, err, test.want)
		}
	}
}

// The appendices A.1, A.2, A.4 and A.5 of RFC 7515 show tokens that no policy of ours allows.
func TestVectorsThatAreRefused(t *testing.T) {
	const payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	for _, test := range []struct{ name, token, want string }{
		{"A.1, HS256", "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + payload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "jws.alg"},
		{"A.2, RS256", "eyJhbGciOiJSUzI1NiJ9." + payload + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB", "jws.alg"},
		{"A.4, ES512, no JSON", "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh", "jws.alg"},
		{"A.5, none", "eyJhbGciOiJub25lIn0." + payload + ".", "jws.compact"},
		{"A.5 with a signature", "eyJhbGciOiJub25lIn0." + payload + ".AA", "jws.alg"},
	} {
		if got := verdict(t, test.token, parseSet(t, rfc7515Key)); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
