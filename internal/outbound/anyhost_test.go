package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"testing"
)

func TestAllowsAnyHost(t *testing.T) {
	tests := []struct {
		name, url string
		want      bool
	}{
		{"a host", "https://keys.recipient.example/jwks", true},
		{"another", "https://a.b.c.example/?x=1", true},
		{"the port by name", "https://keys.recipient.example:443/", true},
		{"an address, which is looked at when it is dialled", "https://127.0.0.1/", true},

		{"another port", "https://keys.recipient.example:8443/", false},
		{"ssh", "https://keys.recipient.example:22/", false},
		{"the port with a zero", "https://keys.recipient.example:0443/", false},
		{"http", "http://keys.recipient.example/", false},
		{"http at 443", "http://keys.recipient.example:443/", false},
		{"a user", "https://user@keys.recipient.example/", false},
		{"a fragment", "https://keys.recipient.example/#a", false},
		{"no host", "https:///jwks", false},
		{"a file", "file:///etc/passwd", false},
	}
	client := New(Policy{Hosts: []string{AnyHost}})
	beside := New(Policy{Hosts: []string{AnyHost, "keystore.example"}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := client.Allows(test.url)
			if test.want != (err == nil) || !test.want && !errors.Is(err, ErrForbidden) {
				t.Errorf("got %v, want allowed %t", err, test.want)
			}
			if err := beside.Allows(test.url); !errors.Is(err, ErrForbidden) {
				t.Errorf("beside another host it stands for itself: got %v", err)
			}
		})
	}
}

// TestAnyHostIsPublic has names of anybody's resolve to what is within: nothing is connected to. An address that a
// policy would allow by itself is none that a stranger may name.
func TestAnyHostIsPublic(t *testing.T) {
	names := &nameServer{}
	client := New(Policy{Hosts: []string{AnyHost}, Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), loopback[0]}})
	client.dialer.Resolver = names.resolver(t)
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"} {
		names.set(address)
		for _, host := range []string{"keys.recipient.example", "keys." + address[:1] + ".example", address} {
			if _, err := client.Get(t.Context(), "https://"+host+"/jwks", ""); !errors.Is(err, ErrForbidden) {
				t.Errorf("%s at %s: got %v, want ErrForbidden", host, address, err)
			}
		}
	}
	for _, url := range []string{"https://[::1]/", "https://[fd00::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/"} {
		if _, err := client.Get(t.Context(), url, ""); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: got %v, want ErrForbidden", url, err)
		}
	}
	if client.Dials() != 0 {
		t.Errorf("%d dials", client.Dials())
	}
}

// TestAnyHostFollowsNothing is answered with a redirect by a host that may be asked.
func TestAnyHostFollowsNothing(t *testing.T) {
	asked := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked++; r.URL.Path == "/moved" {
			http.Redirect(w, r, "https://example.com/jwks", http.StatusFound)
		}
	}, nil)
	client := New(Policy{Hosts: []string{AnyHost}, Roots: s.roots()})
	// The test's server stands for a public address, which is all that this changes.
	client.http.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "example.com:443" {
			t.Errorf("dialled %s", address)
		}
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+s.port())
	}
	if _, err := client.Get(t.Context(), "https://example.com/jwks", ""); err != nil {
		t.Error(err)
	}
	if _, err := client.Get(t.Context(), "https://example.com/moved", ""); err == nil {
		t.Error("a redirect was taken for an answer")
	}
	if asked != 2 {
		t.Errorf("asked %d times, want 2", asked)
	}
}
