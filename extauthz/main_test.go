package extauthz

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// made holds what is slow to make and the same for all tests: a directory's folder with CAs and keys, one software that
// is enrolled there, and a key for access tokens.
var made struct {
	dir    string
	member *directory.Member
	token  string // file
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "gate")
	if err == nil {
		err = makeOnce(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func makeOnce(dir string) error {
	made.dir = filepath.Join(dir, "directory")
	keys, err := pki.RSA(1)
	if err != nil {
		return err
	}
	made.token = filepath.Join(dir, "token.pem")
	if err := pki.WriteKey(made.token, keys[0]); err != nil {
		return err
	}
	d, err := directory.OBIE().Create(made.dir, "https://127.0.0.1")
	if err != nil {
		return err
	}
	if made.member, err = d.Enrol(directory.Order{}); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"transport.pem": made.member.TransportCert, "transport.key": made.member.TransportKey, "signing.key": made.member.SigningKey,
	} {
		if err := os.WriteFile(filepath.Join(made.dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}
