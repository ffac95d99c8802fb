package edge

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/process"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// The names of a listener that has two, and the path of its route.
const (
	ownName   = "gateway.test"
	otherName = "second.test"
	namedPath = "/named/22289"
)

// withNames adds a listener with server names, and a route of the bank on it.
func withNames(t *testing.T) (address string) {
	t.Helper()
	port, err := process.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	change(t, func(text string) string {
		listener := fmt.Sprintf("listeners:\n  named: {address: %q, url: https://%s, server_names: [%s, %s],\n"+
			"    certificate: tls/server.pem, key: tls/server.key, client_certificate: required}\n", address, ownName, ownName, otherName)
		route := "\n  - {name: named, listener: named, path: \"/named/{Id}\", methods: [GET],\n" +
			"     checks: [certificate, bearer, scope], scopes: [accounts], upstream: bank}\n"
		return strings.Replace(text, "listeners:\n", listener, 1) + route
	})
	return address
}

// naming is a configuration that asks for a server by its name, and takes the world's certificate for that.
func naming(certificate *tls.Certificate, name string) *tls.Config {
	config := world.TLS(certificate)
	roots := config.RootCAs
	config.ServerName, config.InsecureSkipVerify = name, true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots})
		return err
	}
	return config
}

// A hostRow is a request, and what becomes of it with a good token; without one it is refused all the same.
type hostRow struct {
	name, target, host string
	headers            []string
	raw                bool // no HTTP/2 can say it
	want               int
	rule               string
}

func hostRows(at string) []hostRow {
	_, port, _ := net.SplitHostPort(at)
	return []hostRow{
		{"its name", namedPath, ownName, nil, false, 200, ""},
		{"with its port", namedPath, ownName + ":" + port, nil, false, 200, ""},
		{"in capitals", namedPath, "GATEWAY.test", nil, false, 200, ""},
		{"with the root's dot", namedPath, ownName + ".", nil, false, 200, ""},
		// "MUST ignore the received Host header field" (RFC 9112, section 3.2.2)
		{"with an absolute form", "https://" + ownName + namedPath, "evil.example", nil, true, 200, ""},
		{"another name of the listener", namedPath, otherName, nil, false, 421, "host.sni"},
		{"another name", namedPath, "evil.example", nil, false, 421, "host.name"},
		{"another name that begins so", namedPath, ownName + ".evil.example", nil, false, 421, "host.name"},
		{"another name that ends so", namedPath, "x." + ownName, nil, false, 421, "host.name"},
		{"its address", namedPath, at, nil, false, 421, "host.name"},
		{"its address and a name", namedPath, "127.0.0.1", nil, false, 421, "host.name"},
		{"an absolute form of another name", "https://evil.example" + namedPath, ownName, nil, true, 421, "host.name"},
		{"an absolute form of another name of the listener", "https://" + otherName + namedPath, ownName, nil, true, 421, "host.sni"},
		{"two hosts", namedPath, ownName, []string{"Host: evil.example"}, true, 400, "host.form"},
		{"one host twice", namedPath, ownName, []string{"Host: " + ownName}, true, 400, "host.form"},
		{"a list", namedPath, ownName + ", evil.example", nil, true, 400, ""},
		{"a user", namedPath, "user@" + ownName, nil, true, 400, "host.form"},
		{"a path", namedPath, ownName + "/x", nil, true, 400, ""},
		{"an invalid port", namedPath, ownName + ":x", nil, false, 400, "host.form"},
		{"two dots", namedPath, ownName + "..", nil, false, 400, "host.form"},
		{"none", namedPath, "", nil, true, 400, ""},
	}
}

// TestHosts asks a listener with server names for other servers.
func TestHosts(t *testing.T) {
	at, client := withNames(t), register(t)
	bank := record(t)
	over := map[harness.Protocol]sender{}
	plain := &line{address: at, config: naming(&client.Transport, ownName)}
	t.Cleanup(plain.hangUp)
	over[harness.HTTP1] = plain
	over[harness.HTTP2] = multiplexed{"https://" + at, &http.Client{Transport: &http.Transport{
		TLSClientConfig: naming(&client.Transport, ownName), ForceAttemptHTTP2: true,
	}}}
	for _, c := range hostRows(at) {
		for protocol, sender := range over {
			if c.raw && protocol != harness.HTTP1 {
				continue
			}
			t.Run(fmt.Sprint(protocol, " ", c.name), func(t *testing.T) {
				m := message{method: http.MethodGet, target: c.target, host: c.host, headers: append(c.headers, idHeader+": hosts")}
				want, rule := c.want, c.rule
				if want == http.StatusOK {
					want, rule = http.StatusUnauthorized, "bearer.missing"
				}
				check(t, sender, m, want, rule)
				if reached := bank.take("hosts"); len(reached) > 0 {
					t.Error("it has reached the bank without a token")
				}
				m.headers = append(m.headers, "Authorization: Bearer "+client.Token)
				check(t, sender, m, c.want, c.rule)
				for _, got := range bank.take("hosts") {
					if name, _, _ := strings.Cut(strings.ToLower(got.host), ":"); c.want != http.StatusOK || strings.TrimSuffix(name, ".") != ownName {
						t.Errorf("the bank is asked for the host %q", got.host)
					}
				}
			})
		}
	}
	t.Run("HTTP/2 two hosts", func(t *testing.T) { twoHosts(t, at, client, bank) })
	t.Run("names of the handshake", func(t *testing.T) { handshakes(t, at, client) })
}

func check(t *testing.T, over sender, m message, want int, rule string) {
	t.Helper()
	answer, err := over.send(t, m)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != want || answer.Refusal().Rule() != rule {
		t.Errorf("have %s, want %d (%s)", answer, want, rule)
	}
}

// twoHosts asks for two servers at once over HTTP/2: what counts is what the gate looks at, and the bank gets nothing else.
func twoHosts(t *testing.T, at string, client *harness.Registered, bank *recorder) {
	for _, c := range []struct {
		authority, host string
		reaches         bool
	}{
		{ownName, "evil.example", true}, // "MUST NOT use the Host header field" (RFC 9113, section 8.3.1)
		{"evil.example", ownName, false},
	} {
		config := naming(&client.Transport, ownName)
		config.NextProtos = []string{"h2"}
		connection, err := tls.Dial("tcp", at, config)
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		connection.SetDeadline(time.Now().Add(5 * time.Second))
		connection.Write(append(preface(), headers(endHeaders|endStream, [][2]string{
			{":method", "GET"}, {":scheme", "https"}, {":authority", c.authority}, {":path", namedPath},
			{"host", c.host}, {idHeader, "hosts"}, {"authorization", "Bearer " + client.Token},
		}...)...))
		untilCut(connection)
		reached := bank.take("hosts")
		if len(reached) > 0 != c.reaches {
			t.Errorf("%s and %s: %d have reached the bank", c.authority, c.host, len(reached))
		}
		for _, got := range reached {
			if got.host != ownName {
				t.Errorf("the bank is asked for the host %q", got.host)
			}
		}
	}
}

// handshakes asks for servers that the listener does not have in the handshake: it is not answered.
func handshakes(t *testing.T, at string, client *harness.Registered) {
	second := &line{address: at, config: naming(&client.Transport, otherName)}
	defer second.hangUp()
	check(t, second, message{method: http.MethodGet, target: namedPath, host: otherName}, http.StatusUnauthorized, "bearer.missing")
	check(t, second, message{method: http.MethodGet, target: namedPath, host: ownName}, http.StatusMisdirectedRequest, "host.sni")
	for _, name := range []string{"evil.example", "x." + ownName, ownName + ".evil.example", ""} {
		other := &line{address: at, config: naming(&client.Transport, name)}
		if answer, err := other.send(t, message{method: http.MethodGet, target: namedPath, host: ownName}); err == nil {
			t.Errorf("%q is answered: %s", name, answer)
		}
		other.hangUp()
	}
}
