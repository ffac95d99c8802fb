package operations

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// An authority is the bank's own CA, and the one that follows it.
type authority struct{ first, next *testkit.Pair }

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	return &authority{testkit.Certify(tb, nil, testkit.CA("Bank CA 1"), nil), testkit.Certify(tb, nil, testkit.CA("Bank CA 2"), nil)}
}

// issue is a certificate of the first CA, for a server of this host or a client.
func (a *authority) issue(tb testing.TB, name string) *testkit.Pair {
	tb.Helper()
	return issue(tb, a.first, name)
}

// issueNext is one of the CA that follows.
func (a *authority) issueNext(tb testing.TB, name string) *testkit.Pair {
	tb.Helper()
	return issue(tb, a.next, name)
}

func issue(tb testing.TB, ca *testkit.Pair, name string) *testkit.Pair {
	tb.Helper()
	return testkit.Certify(tb, ca, x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name + ".bank.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, nil)
}
