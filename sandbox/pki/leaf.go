package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
)

// documentSigning is the extended key usage that OB signing certificates carry.
var documentSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 10, 3, 12}

// Server is the certificate of an HTTPS server on this machine.
func Server(name string) x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
}

// Transport is an OB transport certificate (legacy form): "CN=<software_id>, OU=<org_id>, O=OpenBanking, C=GB", for
// TLS clients and servers.
func Transport(orgID, softwareID string) x509.Certificate {
	return x509.Certificate{
		Subject:     participant(orgID, softwareID),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// Signing is an OB signing certificate (legacy form): the subject of the transport certificate, and of no use for TLS.
func Signing(orgID, softwareID string) x509.Certificate {
	return signing(participant(orgID, softwareID))
}

// CDRClient is a client certificate of the Consumer Data Right: "CN=<software product>, OU=Consumer Data Right,
// O=<brand>, C=AU", for TLS clients alone.
func CDRClient(product, brand string) x509.Certificate {
	return x509.Certificate{
		Subject:     recipient(product, brand),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// CDRSigning has the subject of the client certificate, and is of no use for TLS.
func CDRSigning(product, brand string) x509.Certificate {
	return signing(recipient(product, brand))
}

func signing(subject pkix.Name) x509.Certificate {
	return x509.Certificate{
		Subject:            subject,
		KeyUsage:           x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{documentSigning},
	}
}

func participant(orgID, softwareID string) pkix.Name {
	return pkix.Name{
		CommonName:         softwareID,
		OrganizationalUnit: []string{orgID},
		Organization:       []string{"OpenBanking"},
		Country:            []string{"GB"},
	}
}

func recipient(product, brand string) pkix.Name {
	return pkix.Name{
		CommonName:         product,
		OrganizationalUnit: []string{"Consumer Data Right"},
		Organization:       []string{brand},
		Country:            []string{"AU"},
	}
}
