package lint

import (
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// mostRSABits is the longest key that verifiers of tokens take.
const mostRSABits = 8192

// tokenKey checks a key for access tokens as gates and registries do when they read it. They sign with PS256, so a key
// of another kind would stop them, after everything else of the file was found to be good.
func (l *linter) tokenKey(where, name string) {
	l.secret(where, name)
	text, err := pemfile.Read(l.Abs(name))
	if missing(err) {
		return
	}
	if err == nil {
		err = signsTokens(text)
	}
	if err != nil {
		l.add("tokens.key", where, "%v", err)
	}
}

func signsTokens(text []byte) error {
	blocks, err := pemfile.Blocks(text)
	if err != nil {
		return err
	}
	if len(blocks) != 1 || blocks[0].Type != "PRIVATE KEY" {
		return errors.New("is not one PEM block PRIVATE KEY")
	}
	signer, err := pemfile.PrivateKey(text)
	if err != nil {
		return err
	}
	key, ok := signer.(*rsa.PrivateKey)
	if !ok {
		return errors.New("is not an RSA key, which PS256 needs")
	}
	if bits := key.N.BitLen(); bits < leastRSABits || bits > mostRSABits {
		return fmt.Errorf("has %d bits: %d to %d are needed", bits, leastRSABits, mostRSABits)
	}
	return nil
}
