// Command cabundle writes the root certificates of the image: Mozilla's, out of a pinned Go module, so that they do not
// depend on the machine that builds it.
//
// Some of Mozilla's roots count only for certificates issued before a certain day. A PEM file cannot say that, and a program
// that reads it would trust them for all. They are left out, and named in the file.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"os"
	"runtime/debug"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const module = "golang.org/x/crypto/x509roots/fallback"

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: cabundle FILE")
	}
	text, err := roots()
	if err == nil {
		err = os.WriteFile(os.Args[1], text, 0o644) //nolint:gosec // public, and read by the user of the image
	}
	if err != nil {
		log.Fatal(err)
	}
}

// roots returns the file: each certificate after a line that names it.
func roots() ([]byte, error) {
	var kept, left bytes.Buffer
	for root := range bundle.Roots() {
		parsed, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("# %s\n# SHA-256 %x\n", parsed.Subject, sha256.Sum256(root.Certificate))
		if root.Constraint != nil {
			left.WriteString(name)
			continue
		}
		kept.WriteString("\n" + name)
		if err := pem.Encode(&kept, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	head := fmt.Sprintf("# Mozilla's root certificates, from %s %s.\n# Left out, because Mozilla trusts them only for certificates issued before a certain day:\n",
		module, version())
	return append([]byte(head+left.String()), kept.Bytes()...), nil
}

// version is that of the module with the certificates.
func version() string {
	info, _ := debug.ReadBuildInfo() // every program built from a module has it
	for _, dependency := range info.Deps {
		if dependency.Path == module {
			return dependency.Version
		}
	}
	return ""
}
