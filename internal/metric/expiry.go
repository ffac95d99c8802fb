package metric

import (
	"crypto/x509"
	"sync"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
)

// An Expiry is when something ends that somebody has to renew in time.
type Expiry struct {
	Kind, Name string // what it is, and which one: names of the configuration
	At         time.Time
}

// ChainFile returns when the certificate chain in a file ends; nothing if the name is "", or if the file cannot be read: whoever
// uses it says so.
func ChainFile(kind, name, path string) []Expiry { return fileEnds(kind, name, path, cert.ChainEnds) }

// CAFile is ChainFile for a file of CAs: the next of them to end.
func CAFile(kind, name, path string) []Expiry {
	return fileEnds(kind, name, path, func(cas []*x509.Certificate) time.Time { return cert.NextEnds(cas, time.Now()) })
}

func fileEnds(kind, name, path string, ends func([]*x509.Certificate) time.Time) []Expiry {
	if path == "" {
		return nil
	}
	text, err := pemfile.Read(path)
	if err != nil {
		return nil
	}
	certificates, err := pemfile.Certificates(text)
	if err != nil {
		return nil
	}
	return []Expiry{{kind, name, ends(certificates)}}
}

// expiries are the sources of Expires.
type expiries struct {
	mu      sync.Mutex
	sources []func() []Expiry
}

func (s *Set) declareExpiries() {
	Read(s, s.expiries.all, Values("dcr_expiry_timestamp_seconds", "When a certificate ends. listener_certificate, upstream_certificate and upstream_ca: "+
		"those that Envoy uses, with their chains; directory_ca: the CA of a directory and type of certificate that ends next; statement_key: the last of the "+
		"certificates of a directory's keys for software statements, where it publishes them; registry_certificate and registry_client_ca: of the registry's own "+
		"address; redis_certificate and redis_ca: of the connection to Redis.", func(all []Expiry, emit Emit) {
		for _, one := range all {
			emit(float64(one.At.Unix()), one.Kind, one.Name)
		}
	}, "kind", "name"))
}

// Expires adds a source of expiry times, which each scrape asks.
func (s *Set) Expires(source func() []Expiry) {
	if s == nil {
		return
	}
	s.expiries.mu.Lock()
	defer s.expiries.mu.Unlock()
	s.expiries.sources = append(s.expiries.sources, source)
}

// all returns one expiry for each kind and name, the first.
func (e *expiries) all() []Expiry {
	e.mu.Lock()
	sources := e.sources
	e.mu.Unlock()
	type name struct{ kind, name string }
	first := map[name]time.Time{}
	for _, source := range sources {
		for _, one := range source() {
			key := name{one.Kind, one.Name}
			if known, ok := first[key]; !ok || one.At.Before(known) {
				first[key] = one.At
			}
		}
	}
	all := make([]Expiry, 0, len(first))
	for key, at := range first {
		all = append(all, Expiry{key.kind, key.name, at})
	}
	return all
}
