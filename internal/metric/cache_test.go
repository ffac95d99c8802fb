package metric_test

import (
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/metric"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// A cache counts what it has and what it has not. One that takes the place of another of its name goes on counting.
func TestCache(t *testing.T) {
	set := metric.New("gate", "v1")
	cache := func(name string) *metric.Cache[int, string] {
		made, err := metric.NewCache[int, string](set, name, 2)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	first := cache("token")
	first.Add(1, "a")
	first.Add(2, "b")
	first.Add(3, "c") // instead of 1
	_, gone := first.Get(1, nil)
	_, bad := first.Get(2, func(string) bool { return false })
	value, good := first.Get(3, func(value string) bool { return value == "c" })
	if gone || bad || !good || value != "c" || first.Len() != 2 {
		t.Errorf("got %v %v %v %q of %d", gone, bad, good, value, first.Len())
	}
	second := cache("token")
	second.Add(1, "a")
	second.Remove(2)
	second.Get(1, nil)
	if value, ok := second.Peek(1, nil); !ok || value != "a" {
		t.Errorf("peeked %q, %v", value, ok)
	}
	cache("client")
	got := testkit.Scrape(t, set.Handler(slog.New(slog.DiscardHandler)))
	for series, want := range map[string]float64{
		`dcr_cache_requests_total{cache="token",result="hit"}`: 2, `dcr_cache_requests_total{cache="token",result="miss"}`: 2,
		`dcr_cache_entries{cache="token"}`: 1, `dcr_cache_max_entries{cache="token"}`: 2, `dcr_cache_entries{cache="client"}`: 0,
	} {
		if is, there := got[series]; !there || is != want {
			t.Errorf("%s is %v (%v), want %v", series, is, there, want)
		}
	}
	unread, err := metric.NewCache[int, string](nil, "token", 1)
	if err != nil {
		t.Fatal(err)
	}
	unread.Get(1, nil)
	if _, err := metric.NewCache[int, string](set, "token", 0); err == nil {
		t.Error("there is a cache of nothing")
	}
}

// ending is a template that is valid up to a time.
func ending(template x509.Certificate, at int64) x509.Certificate {
	template.NotBefore, template.NotAfter = time.Unix(1700000000, 0), time.Unix(at, 0)
	return template
}

// Of several things of one kind and name the first to end counts. A file that cannot be read has no time.
func TestExpires(t *testing.T) {
	ca := testkit.Certify(t, nil, ending(testkit.CA("a CA"), 2100000000), nil)
	leaf := testkit.Certify(t, ca, ending(x509.Certificate{}, 2000000000), nil)
	chain := filepath.Join(t.TempDir(), "chain.pem")
	if err := os.WriteFile(chain, append(leaf.PEM(), ca.PEM()...), 0o600); err != nil {
		t.Fatal(err)
	}
	set := metric.New("registry", "v1")
	set.Expires(func() []metric.Expiry { return metric.ChainFile("registry_certificate", "tls-cert", chain) })
	set.Expires(func() []metric.Expiry { return metric.ChainFile("registry_certificate", "none", chain+".not") })
	set.Expires(func() []metric.Expiry { return metric.ChainFile("registry_certificate", "unnamed", "") })
	for _, at := range []int64{300, 200, 400} {
		set.Expires(func() []metric.Expiry { return []metric.Expiry{{Kind: "a", Name: "b", At: time.Unix(at, 0)}} })
	}
	got := testkit.Scrape(t, set.Handler(slog.New(slog.DiscardHandler)))
	if len(got) == 0 || got[`dcr_expiry_timestamp_seconds{kind="a",name="b"}`] != 200 || got[`dcr_expiry_timestamp_seconds{kind="registry_certificate",name="tls-cert"}`] != 2000000000 {
		t.Errorf("got %v", got)
	}
	for _, name := range []string{"none", "unnamed"} {
		if _, there := got[`dcr_expiry_timestamp_seconds{kind="registry_certificate",name="`+name+`"}`]; there {
			t.Errorf("%s has a time", name)
		}
	}
}
