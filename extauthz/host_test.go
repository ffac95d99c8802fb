package extauthz

import (
	"strings"
	"testing"
)

func TestHostName(t *testing.T) {
	long := strings.Repeat("a.", 126) + "a" // 253 characters
	for _, test := range []struct{ authority, want string }{
		{"mtls.example", "mtls.example"},
		{"mtls.example:443", "mtls.example"},
		{"mtls.example.", "mtls.example"},
		{"mtls.example.:8443", "mtls.example"},
		{"MTLS.Example:443", "mtls.example"},
		{"xn--mtls-eua.example", "xn--mtls-eua.example"},
		{"a_b.example", "a_b.example"},
		{"localhost", "localhost"},
		{"127.0.0.1:8443", "127.0.0.1"},
		{"[::1]:8443", "[::1]"},
		{"[::1]", "[::1]"},
		{"[0:0::0:1]:8443", "[::1]"},
		{"[2001:DB8::A]", "[2001:db8::a]"},
		{long + ".:443", long},

		{"", ""}, {".", ""}, {":443", ""}, {"..", ""}, {"mtls.example..", ""}, {".mtls.example", ""}, {"mtls..example", ""},
		{"mtls.example:", ""}, {"mtls.example:x", ""}, {"mtls.example:-1", ""}, {"mtls.example:443:443", ""}, {"mtls.example:123456", ""},
		{"mtls.example,evil.example", ""}, {"mtls.example evil.example", ""}, {" mtls.example", ""}, {"mtls.example ", ""},
		{"user@mtls.example", ""}, {"mtls.example/", ""}, {"mtls.example#", ""}, {"mtls.example?x", ""}, {"mtls%2eexample", ""},
		{"mtls.ex\u00e4mple", ""}, {"m\u0442ls.example", ""}, {"\u212amtls.example", ""}, {"mtls.example\x00", ""}, {"mtls\r\n.example", ""},
		{"*.example", ""}, {"https://mtls.example", ""},
		{"::1", ""}, {"[::1", ""}, {"::1]", ""}, {"[::1]x", ""}, {"[::1]:", ""}, {"[]", ""}, {"[", ""}, {"[127.0.0.1]", ""}, {"[fe80::1%eth0]", ""},
		{"[mtls.example]", ""}, {"[[::1]]", ""},
		{long + "a", ""},
	} {
		got, ok := hostName(test.authority)
		if ok != (test.want != "") || ok && got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.authority, got, ok, test.want)
		}
	}
}

// FuzzHostName: a name that is one is read from itself, and holds nothing that another server could read otherwise.
func FuzzHostName(f *testing.F) {
	for _, seed := range []string{"mtls.example:443", "MTLS.example.", "[2001:DB8::A]:8443", "127.0.0.1", "a..b", "[", ":"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, authority string) {
		name, ok := hostName(authority)
		if !ok {
			return
		}
		if again, ok := hostName(name); !ok || again != name {
			t.Errorf("%q is %q, and that is %q", authority, name, again)
		}
		if strings.ContainsAny(name, "/?#@,;%\\ \r\n\t\x00") || strings.ToLower(name) != name || strings.HasSuffix(name, ".") {
			t.Errorf("%q is %q", authority, name)
		}
	})
}

// TestHost asks a gate of two listeners, one with names of its own and one without.
func TestHost(t *testing.T) {
	w := newWorld(t)
	w.gate.Use(w.policy(func(c *PolicyConfig) {
		c.ServerNames = map[string][]string{"mtls": {"mtls.example", "Api.Example."}, "other": {}}
	}))
	compact, _ := w.token("accounts")
	asking := func(host, sni string) ask { a := w.reading(compact); a.host, a.sni = host, sni; return a }
	nowhere := func(a ask) ask { a.route, a.path = "", "/nowhere"; return a }
	public := func(host, sni string) ask {
		a := w.ask("jwks", "GET", "/jwks")
		a.listener, a.host, a.sni = "public", host, sni
		return a
	}
	tests := []struct {
		name, want string
		ask        ask
	}{
		{"its name", "200", asking("mtls.example", "mtls.example")},
		{"with a port", "200", asking("mtls.example:8443", "mtls.example")},
		{"in capitals", "200", asking("MTLS.EXAMPLE", "mtls.example")},
		{"with the dot of the root", "200", asking("mtls.example.", "mtls.example")},
		{"the name of the handshake in capitals", "200", asking("mtls.example", "MTLS.Example")},
		{"its other name", "200", asking("api.example", "api.example")},
		{"no name in the handshake", "200", asking("api.example", "")},

		{"another server's name", "421 host.name", asking("evil.example", "evil.example")},
		{"another server's name, and ours in the handshake", "421 host.name", asking("evil.example", "mtls.example")},
		{"another server's name, and none in the handshake", "421 host.name", asking("evil.example", "")},
		{"a name below ours", "421 host.name", asking("x.mtls.example", "")},
		{"a name that begins as ours", "421 host.name", asking("mtls.example.evil.example", "")},
		{"an address", "421 host.name", asking("127.0.0.1:8443", "")},
		{"our other name in the handshake", "421 host.sni", asking("mtls.example", "api.example")},
		{"another server's in the handshake", "421 host.sni", asking("mtls.example", "evil.example")},
		{"an invalid name in the handshake", "421 host.sni", asking("mtls.example", "mtls.example\x00")},
		{"none", "400 host.form", asking("", "mtls.example")},
		{"two", "400 host.form", asking("mtls.example,evil.example", "mtls.example")},
		{"one with a user", "400 host.form", asking("evil@mtls.example", "mtls.example")},

		{"nothing at the path", "404 route.path", nowhere(asking("mtls.example", "mtls.example"))},
		{"nothing at the path of another server", "421 host.name", nowhere(asking("evil.example", ""))},
		{"nothing at the path, and another handshake", "421 host.sni", nowhere(asking("mtls.example", "api.example"))},
		{"nothing at the path of no server", "400 host.form", nowhere(asking("", ""))},

		{"any name where the listener has none", "200", public("whatever.example", "whatever.example")},
		{"an address there", "200", public("[::1]:8444", "")},
		{"another handshake there", "421 host.sni", public("whatever.example", "mtls.example")},
		{"no name there", "400 host.form", public("", "")},
		{"another version, whatever the host", "503 internal", func() ask { a := asking("evil.example", ""); a.version = "x"; return a }()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { w.want(t, test.ask, test.want) })
	}
	for _, name := range []string{"", "*.example", "https://mtls.example", "a b"} {
		if _, err := NewPolicy(PolicyConfig{Version: version, ServerNames: map[string][]string{"mtls": {name}}}); err == nil {
			t.Errorf("the server name %q was taken", name)
		}
	}
}
