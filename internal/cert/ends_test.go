package cert

import (
	"crypto/x509"
	"testing"
	"time"
)

func TestEnds(t *testing.T) {
	at := func(hours ...int) (all []*x509.Certificate) {
		for _, h := range hours {
			all = append(all, &x509.Certificate{NotAfter: noon.Add(time.Duration(h) * time.Hour)})
		}
		return all
	}
	for _, test := range []struct {
		name        string
		hours       []int
		chain, next int
	}{
		{"one", []int{1}, 1, 1},
		{"the first to end", []int{3, 1, 2}, 1, 1},
		{"one has ended: a chain with it, other CAs not", []int{3, -1, 2}, -1, 2},
		{"all have ended", []int{-3, -1, -2}, -3, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := at(test.hours...)
			if got := ChainEnds(all).Sub(noon).Hours(); int(got) != test.chain {
				t.Errorf("as a chain: %v, want %d", got, test.chain)
			}
			if got := NextEnds(all, noon).Sub(noon).Hours(); int(got) != test.next {
				t.Errorf("as CAs: %v, want %d", got, test.next)
			}
		})
	}
	anchors, err := NewAnchors(newCA(t, "CA", nil, nil).pem())
	if err != nil {
		t.Fatal(err)
	}
	if got := anchors.Ends(noon); !got.Equal(noon.AddDate(5, 0, 0)) {
		t.Errorf("anchors end %v", got)
	}
}
