package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" // x5t is defined as SHA-1 (RFC 7517, section 4.8)
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

// JWK is a public key as a directory publishes it (RFC 7517).
type JWK struct {
	Type          string   `json:"kty"`
	Use           string   `json:"use"`
	ID            string   `json:"kid"`
	Modulus       string   `json:"n,omitempty"`
	Exponent      string   `json:"e,omitempty"`
	Curve         string   `json:"crv,omitempty"`
	X             string   `json:"x,omitempty"`
	Y             string   `json:"y,omitempty"`
	Chain         []string `json:"x5c,omitempty"`
	Thumbprint    string   `json:"x5t,omitempty"`
	ThumbprintSHA string   `json:"x5t#S256,omitempty"`
}

// PublicJWK writes a public key for a use, "sig" or "tls". Its kid is the RFC 7638 SHA-256 thumbprint.
func PublicJWK(key crypto.PublicKey, use string) (JWK, error) {
	switch key := key.(type) {
	case *rsa.PublicKey:
		jwk := JWK{Type: "RSA", Use: use, Modulus: encode(key.N.Bytes()), Exponent: encode(big.NewInt(int64(key.E)).Bytes())}
		jwk.ID = thumbprint(`{"e":"%s","kty":"RSA","n":"%s"}`, jwk.Exponent, jwk.Modulus)
		return jwk, nil
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // SEC 1: 4, X, Y
		if err != nil {
			return JWK{}, fmt.Errorf("encode a public key: %w", err)
		}
		half := (len(point) - 1) / 2
		jwk := JWK{Type: "EC", Use: use, Curve: "P-256", X: encode(point[1 : 1+half]), Y: encode(point[1+half:])}
		jwk.ID = thumbprint(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, jwk.X, jwk.Y)
		return jwk, nil
	}
	return JWK{}, errors.New("neither an RSA nor an EC key")
}

// CertificateJWK writes the key of a certificate together with the certificate.
func CertificateJWK(der []byte, use string) (JWK, error) {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return JWK{}, fmt.Errorf("parse a certificate: %w", err)
	}
	jwk, err := PublicJWK(certificate.PublicKey, use)
	if err != nil {
		return JWK{}, err
	}
	jwk.Chain = []string{base64.StdEncoding.EncodeToString(der)}
	short, long := sha1.Sum(der), sha256.Sum256(der)
	jwk.Thumbprint, jwk.ThumbprintSHA = encode(short[:]), encode(long[:])
	return jwk, nil
}

func thumbprint(format string, members ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, format, members...))
	return encode(sum[:])
}

func encode(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }
