package directory

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Changes make a software statement that differs from what the directory would sign: what a test of a bank needs.
type Changes struct {
	Claims map[string]json.RawMessage `json:"claims"` // replaced, or added
	Header map[string]json.RawMessage `json:"header"` // replaced, or added
	Omit   []string                   `json:"omit"`   // members left out, of the claims and of the header
}

type statementSigner struct {
	key crypto.Signer
	jwk pki.JWK
}

// Statement signs a software statement for a software: ErrUnknown.
func (d *Directory) Statement(softwareID string, changes Changes) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.software[softwareID]
	if !ok {
		return "", ErrUnknown
	}
	return d.sign(s, changes)
}

func (d *Directory) sign(s *Software, changes Changes) (string, error) {
	// "alg MUST be ES256 or PS256" (OBIE directory specification). RS256 is here because banks must refuse it, and ES256
	// because they must where a register signs with PS256 alone. Any other alg is a text in the header only.
	algorithm := "PS256"
	if raw, ok := changes.Header["alg"]; ok {
		var asked string
		if json.Unmarshal(raw, &asked) == nil && (asked == "ES256" || asked == "RS256") {
			algorithm = asked
		}
	}
	signer := d.signers[0]
	if algorithm == "ES256" {
		signer = d.signers[1]
	}
	header := map[string]any{"alg": algorithm, "typ": "JWT", "kid": signer.jwk.ID}
	claims := d.dialect.claims(d, s)
	for name, value := range changes.Header {
		header[name] = value
	}
	for name, value := range changes.Claims {
		claims[name] = value
	}
	for _, name := range changes.Omit {
		delete(header, name)
		delete(claims, name)
	}
	return Compact(signer.key, algorithm, header, claims)
}

// Compact writes a JWS in its compact form: RS256 if that is the algorithm, else what FAPI has for the key. The header is
// written as it is, be it fit for the signature or not.
func Compact(key crypto.Signer, algorithm string, header, claims map[string]any) (string, error) {
	headerText, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("write the header: %w", err)
	}
	claimsText, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write the claims: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	input := encode(headerText) + "." + encode(claimsText)
	digest := sha256.Sum256([]byte(input))
	signature, err := signature(key, algorithm, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return input + "." + encode(signature), nil
}

func signature(key crypto.Signer, algorithm string, digest []byte) ([]byte, error) {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if algorithm == "RS256" {
			return key.Sign(rand.Reader, digest, crypto.SHA256)
		}
		return key.Sign(rand.Reader, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	case *ecdsa.PrivateKey:
		// "R and S as octet strings ... concatenated" (RFC 7518, section 3.4)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest)
		if err != nil {
			return nil, err
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
	}
	return nil, fmt.Errorf("no signature for %s", algorithm)
}
