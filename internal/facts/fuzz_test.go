package facts

import (
	"encoding/base64"
	"errors"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// FuzzDecode decodes the claims of facts, which reach the registry in a header: it refuses them in its own words or reads
// them, and what it has read it reads again.
func FuzzDecode(f *testing.F) {
	good, err := protojson.Marshal(facts())
	if err != nil {
		f.Fatal(err)
	}
	for _, claims := range []string{
		string(good), "", "{}", "[]", "null", `{"iat":-1}`, `{"iat":"1"}`, `{"iat":1e99}`, `{"client":{"softwareId":"a","roles":["b"]}}`,
		`{"registration":{"directory":"a"}}`, `{"certificate":{"profile":"a"}}`, `{"nonces":[{}]}`, `{"nobody":1}`, `{"iat":1,"iat":2}`,
	} {
		f.Add([]byte(claims))
	}
	f.Fuzz(func(t *testing.T, claims []byte) {
		read, err := decode("e30." + base64.RawURLEncoding.EncodeToString(claims) + ".c2ln")
		if err != nil {
			if !errors.Is(err, ErrInvalid) || read != nil {
				t.Fatalf("got %v, %v", read, err)
			}
			return
		}
		_ = check(read, now) // no claims may make it panic
		again, err := protojson.Marshal(read)
		if err != nil {
			t.Fatalf("%v cannot be written: %v", read, err)
		}
		twice, err := decode("e30." + base64.RawURLEncoding.EncodeToString(again) + ".c2ln")
		if err != nil || !proto.Equal(read, twice) {
			t.Fatalf("%v is read again as %v, %v", read, twice, err)
		}
	})
}
