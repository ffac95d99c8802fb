package routes_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// many returns a file of the size of a bank: so many routes, each as an administrator writes it.
func many(number int) []byte {
	var b strings.Builder
	b.WriteString(`issuer: https://as.bank.example
audiences: [bank]
directories: [directory.yaml]
auth_methods: [private_key_jwt]
tokens: {audience: https://as.bank.example}
listeners:
  mtls: {address: "127.0.0.1:8443", url: https://api.bank.example, certificate: server.pem, key: server.key, client_certificate: required}
upstreams:
  bank: {address: "127.0.0.1:8446"}
routes:
`)
	for i := range number {
		fmt.Fprintf(&b, `  - name: route-%d
    path: /open-banking/v3.1/aisp/resource-%d/{Id}
    methods: [GET]
    checks: [certificate, bearer, scope]
    scopes: [accounts]
    upstream: bank
`, i, i)
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	dir, err := filepath.Abs("testdata")
	if err != nil {
		b.Fatal(err)
	}
	for _, number := range []int{100, 1000, 10_000} {
		text := many(number)
		b.Run(fmt.Sprint(number), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				file, err := routes.Parse("routes.yaml", text, dir)
				if err != nil || len(file.Routes) != number {
					b.Fatal(err)
				}
			}
		})
	}
}
