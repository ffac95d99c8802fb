package jose

import (
	"crypto"
	"errors"
	"io"
	"testing"
)

// remote is a key that signs elsewhere: all we have is the interface.
type remote struct{ crypto.Signer }

func (r remote) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	return r.Signer.Sign(random, digest, options)
}

func TestSign(t *testing.T) {
	keys := testKeys()
	for _, test := range []struct {
		name, algorithm string
		key             crypto.Signer
		want            error
	}{
		{"PS256", PS256, keys.rsa, nil},
		{"ES256", ES256, keys.ec, nil},
		{"EdDSA", EdDSA, keys.ed, nil},
		{"PS256 elsewhere", PS256, remote{keys.rsa}, nil},
		{"ES256 elsewhere", ES256, remote{keys.ec}, nil},
		{"EdDSA elsewhere", EdDSA, remote{keys.ed}, nil},
		{"RS256", "RS256", keys.rsa, errKey},
		{"none", "none", keys.rsa, errKey},
		{"no algorithm", "", keys.rsa, errKey},
		{"weak key", PS256, keys.weakRSA, errKey},
		{"wrong curve", ES256, keys.ec384, errKey},
		{"wrong type", ES256, keys.ed, errKey},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := Header{Algorithm: test.algorithm, Type: "at+jwt", KeyID: "k1"}
			token, err := Sign(test.key, header, []byte(goodPayload))
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err != nil {
				return
			}
			if !reference(test.algorithm, test.key.Public(), token) {
				t.Error("the standard library refuses the signature")
			}
			u, err := Parse(token, Policy{Algorithms: []string{test.algorithm}, Types: []string{"at+jwt"}, KeyID: true, MaxBytes: 4096})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := u.Verify(setOf(Key{ID: "k1", Algorithm: test.algorithm, Public: test.key.Public()})); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSignLeavesOutWhatIsEmpty(t *testing.T) {
	token, err := Sign(testKeys().ed, Header{Algorithm: EdDSA}, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := split(token, len(token))
	if err != nil {
		t.Fatal(err)
	}
	if want := b64(`{"alg":"EdDSA"}`); parts.header != want {
		t.Errorf("got %s, want %s", parts.header, want)
	}
}
