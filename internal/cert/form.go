package cert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
)

// RSA keys below the first limit are too weak (FAPI 1.0 Part 1, section 5.2.2). Keys above the second are too expensive
// to verify.
const minRSA, maxRSA = 2048, 8192

// signatureAlgorithms are the algorithms that an issuer may use. MD5 and SHA-1 are not among them.
var signatureAlgorithms = []x509.SignatureAlgorithm{
	x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
	x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
	x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
}

// checkForm refuses a certificate that no TLS client may present, whatever its issuer. Envoy has checked most of this;
// the gate does not rely on it.
func checkForm(leaf *x509.Certificate) error {
	if leaf.IsCA {
		return refuse("certificate.ca", "the client certificate is a CA certificate")
	}
	if err := checkUsage(leaf); err != nil {
		return err
	}
	if !slices.Contains(signatureAlgorithms, leaf.SignatureAlgorithm) {
		return refuse("certificate.signature_algorithm", "the client certificate is not signed with RSA or ECDSA and SHA-256 or better")
	}
	return checkKey(leaf)
}

func checkUsage(leaf *x509.Certificate) error {
	// "The digitalSignature bit is asserted when the subject public key is used for verifying digital signatures,
	// other than signatures on certificates (bit 5) and CRLs (bit 6)" (RFC 5280, section 4.2.1.3): a TLS client signs
	// its handshake. The absence of the extension restricts nothing; an extension without any bit does.
	if hasExtension(leaf, asn1.ObjectIdentifier{2, 5, 29, 15}) && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return refuse("certificate.key_usage", "the client certificate's key usage lacks digitalSignature")
	}
	// "If the extension is present, then the certificate MUST only be used for one of the purposes indicated" (RFC
	// 5280, section 4.2.1.12). Signing and seal certificates have other purposes or no extension, so that its absence
	// is refused too.
	if !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return refuse("certificate.ext_key_usage", "the client certificate's extended key usage lacks clientAuth")
	}
	return nil
}

func hasExtension(leaf *x509.Certificate, id asn1.ObjectIdentifier) bool {
	for _, extension := range leaf.Extensions {
		if extension.Id.Equal(id) {
			return true
		}
	}
	return false
}

func checkKey(leaf *x509.Certificate) error {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return refuse("certificate.key", "the client certificate's RSA key does not have 2048 to 8192 bits")
		}
	case *ecdsa.PublicKey:
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return refuse("certificate.key", "the client certificate's EC key is not on P-256 or P-384")
		}
	default:
		return refuse("certificate.key", "the client certificate's key is neither RSA nor EC")
	}
	return nil
}
