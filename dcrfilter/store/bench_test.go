package store

import (
	"fmt"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/redisserver"
)

func BenchmarkStanding(b *testing.B) {
	s := open(b, dial(b, redisserver.Start(b, b.TempDir()).URL))
	c := newClient(s, "software")
	must(b, s.Create(b.Context(), c, nil, true))
	b.ReportAllocs()
	for b.Loop() {
		if standing, err := s.Standing(b.Context(), c.Id, "token"); err != nil || !standing.Active {
			b.Fatal(standing, err)
		}
	}
}

func BenchmarkStandingParallel(b *testing.B) {
	s := open(b, dial(b, redisserver.Start(b, b.TempDir()).URL))
	c := newClient(s, "software")
	must(b, s.Create(b.Context(), c, nil, true))
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if standing, err := s.Standing(b.Context(), c.Id, "token"); err != nil || !standing.Active {
				b.Error(standing, err)
			}
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	s := open(b, dial(b, redisserver.Start(b, b.TempDir()).URL))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		must(b, s.Create(b.Context(), newClient(s, fmt.Sprint(i)), freshJTI("request"), true))
	}
}
