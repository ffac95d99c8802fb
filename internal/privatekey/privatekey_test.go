package privatekey_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/privatekey"
)

func TestParse(t *testing.T) {
	der := func(text []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		der  []byte
		want interface{ Equal(crypto.PublicKey) bool }
	}{
		{"PKCS #8, RSA", der(x509.MarshalPKCS8PrivateKey(long)), &long.PublicKey},
		{"PKCS #8, EC", der(x509.MarshalPKCS8PrivateKey(ec)), &ec.PublicKey},
		{"PKCS #1", x509.MarshalPKCS1PrivateKey(long), &long.PublicKey},
		{"SEC 1", der(x509.MarshalECPrivateKey(ec)), &ec.PublicKey},
		{"a key that signs nothing", der(x509.MarshalPKCS8PrivateKey(exchange)), nil},
		{"a public key", der(x509.MarshalPKIXPublicKey(ec.Public())), nil},
		{"a byte too few", x509.MarshalPKCS1PrivateKey(long)[1:], nil},
		{"nothing", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := privatekey.Parse(test.der)
			if test.want == nil {
				if key != nil || !errors.Is(err, privatekey.ErrKind) {
					t.Errorf("got %v, %v", key, err)
				}
				return
			}
			if err != nil || !test.want.Equal(key.Public()) {
				t.Errorf("got another key, or %v", err)
			}
		})
	}
}
