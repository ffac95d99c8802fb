package lint

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"
)

// soon is how long before its expiry a certificate is reported.
const soon = 30 * 24 * time.Hour

// certificates checks every PEM file that the file names for listeners and upstreams.
func (l *linter) certificates() {
	for _, name := range slices.Sorted(maps.Keys(l.Listeners)) {
		l.listener(name)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Upstreams)) {
		trust := l.Upstreams[name].TLS
		if trust == nil {
			continue
		}
		where := "upstreams." + name + ".tls"
		if ca := l.chain(where+".ca", trust.CA); ca != nil {
			l.validity("certificate.expired", where+".ca", ca)
		}
		if trust.Certificate != "" && trust.Key != "" {
			l.validity("certificate.expired", where+".certificate", l.pair(where, trust.Certificate, trust.Key))
		}
	}
	for i, name := range l.Tokens.Keys {
		l.tokenKey(fmt.Sprintf("tokens.keys[%d]", i), name)
	}
}

// listener checks each of a listener's certificates, and that every name of the listener is in one of them.
func (l *linter) listener(name string) {
	listener, where := l.Listeners[name], "listeners."+name
	l.clientCAs(name)
	chains := []chain{l.server(where, listener.Certificate, listener.Key)}
	for i, more := range listener.Certificates {
		chains = append(chains, l.server(fmt.Sprintf("%s.certificates[%d]", where, i), more.Certificate, more.Key))
	}
	if slices.ContainsFunc(chains, func(c chain) bool { return c == nil }) {
		return // its names are unknown, which has been reported
	}
	if u, err := url.Parse(listener.URL); err == nil {
		l.host(where+".url", u.Hostname(), chains)
	}
	for i, host := range listener.ServerNames {
		l.host(fmt.Sprintf("%s.server_names[%d]", where, i), host, chains)
	}
}

func (l *linter) host(where, host string, chains []chain) {
	if !slices.ContainsFunc(chains, func(c chain) bool { return c[0].VerifyHostname(host) == nil }) {
		l.add("certificate.host", where, "no certificate of the listener has the name %s: clients will refuse it", host)
	}
}

// server checks a listener's certificate, without which no client could connect.
func (l *linter) server(where, certificate, key string) chain {
	loaded := l.pair(where, certificate, key)
	l.validity("listener.expired", where+".certificate", loaded)
	return loaded
}

// pair checks a certificate chain and its key. It returns nil if there is no chain.
func (l *linter) pair(where, certificate, key string) chain {
	loaded := l.chain(where+".certificate", certificate)
	if loaded == nil {
		return nil
	}
	if weakness := loaded.weakness(); weakness != "" {
		l.add("certificate.weak", where+".certificate", "%s", weakness)
	}
	l.secret(where+".key", key)
	signer, err := readKey(l.Abs(key))
	switch {
	case missing(err):
	case err != nil:
		l.add("certificate.unreadable", where+".key", "%v", err)
	case !loaded.has(signer):
		l.add("certificate.pair", where+".key", "is not the key of %s, whose first certificate must be the server's own", certificate)
	}
	return loaded
}

// chain reads a PEM file of certificates. It returns nil if it cannot.
func (l *linter) chain(where, name string) chain {
	loaded, err := readChain(l.Abs(name))
	if err != nil && !missing(err) {
		l.add("certificate.unreadable", where, "%v", err)
	}
	return loaded
}

// validity reports the certificate that expires first, if it has expired (by the rule expired) or soon will.
func (l *linter) validity(expired, where string, loaded chain) {
	if loaded == nil {
		return
	}
	for i, certificate := range loaded {
		if l.now.Before(certificate.NotBefore) {
			l.add(expired, where, "certificate %d of the file is not valid before %s", i+1, day(certificate.NotBefore))
		}
	}
	i, first := loaded.first()
	switch left := first.NotAfter.Sub(l.now); {
	case left <= 0:
		l.add(expired, where, "certificate %d of the file expired on %s", i+1, day(first.NotAfter))
	case left < soon:
		l.add("certificate.expires", where, "certificate %d of the file expires on %s, in %d days", i+1, day(first.NotAfter), int(left/(24*time.Hour)))
	}
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
