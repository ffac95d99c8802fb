package envoy_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/envoy"
)

// many is a file with so many bank APIs, half of them with a named part.
func many(t testing.TB, number int) *input {
	t.Helper()
	i := read(t)
	for n := range number {
		path := fmt.Sprintf("/open-banking/v3.1/aisp/resource-%d", n)
		if n%2 == 1 {
			path += "/{Id}"
		}
		i.file.Routes = append(i.file.Routes, routes.Route{
			Name: fmt.Sprintf("resource-%d", n), Listener: "mtls", Path: path, Methods: []string{"GET", "POST"},
			Checks: []string{routes.CheckCertificate, routes.CheckBearer}, Upstream: "accounts",
			BodyLimit: routes.MaxBody, Timeout: 10 * time.Second, Plan: routes.DefaultPlan, Facts: routes.FactsSigned,
		})
	}
	return i
}

// BenchmarkTranslate is linear in the number of routes.
func BenchmarkTranslate(b *testing.B) {
	for _, number := range []int{100, 1_000, 10_000} {
		i := many(b, number)
		b.Run(fmt.Sprint(number), func(b *testing.B) {
			for b.Loop() {
				if _, err := envoy.Translate(i.file, i.options); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(number), "µs/route")
		})
	}
}
