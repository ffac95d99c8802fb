package outbound

import (
	"errors"
	"strings"
	"testing"
)

func TestAllows(t *testing.T) {
	client := New(Policy{Hosts: []string{"keystore.openbanking.example", "Keys.Example:8443", "192.0.2.1", "[2001:db8::1]:8443", "2001:db8::2"}})
	tests := []struct {
		name, url string
		want      bool
	}{
		{"host", "https://keystore.openbanking.example/org/software.jwks", true},
		{"host with the default port", "https://keystore.openbanking.example:443/", true},
		{"host in capitals", "HTTPS://KEYSTORE.OpenBanking.example/", true},
		{"no path", "https://keystore.openbanking.example", true},
		{"query", "https://keystore.openbanking.example/?a=b", true},
		{"host and port", "https://keys.example:8443/", true},
		{"IPv4", "https://192.0.2.1/", true},
		{"IPv6 and port", "https://[2001:db8::1]:8443/", true},
		{"IPv6", "https://[2001:db8::2]/", true},

		{"empty", "", false},
		{"http", "http://keystore.openbanking.example/", false},
		{"http at 443", "http://keystore.openbanking.example:443/", false},
		{"no scheme", "//keystore.openbanking.example/", false},
		{"file", "file:///etc/passwd", false},
		{"opaque", "https:keystore.openbanking.example/", false},
		{"no host", "https:///keystore.openbanking.example/", false},
		{"another host", "https://evil.example/", false},
		{"another port", "https://keystore.openbanking.example:8443/", false},
		{"port not named", "https://keys.example/", false},
		{"port with a leading zero", "https://keystore.openbanking.example:0443/", false},
		{"empty port", "https://keys.example:/", false},
		{"subdomain", "https://a.keystore.openbanking.example/", false},
		{"suffix", "https://keystore.openbanking.example.evil.example/", false},
		{"trailing dot", "https://keystore.openbanking.example./", false},
		{"user", "https://user@keystore.openbanking.example/", false},
		{"user that looks like the host", "https://keystore.openbanking.example@evil.example/", false},
		{"empty user", "https://@keystore.openbanking.example/", false},
		{"fragment", "https://keystore.openbanking.example/#a", false},
		{"empty fragment", "https://keystore.openbanking.example/#", false},
		{"backslash", `https://evil.example\@keystore.openbanking.example/`, false},
		{"space at the end", "https://keystore.openbanking.example/ ", false},
		{"newline", "https://keystore.openbanking.example/\n", false},
		{"NUL", "https://keystore.openbanking.example/\x00", false},
		{"Kelvin sign", "https://\u212aeystore.openbanking.example/", false},
		{"wildcard", "https://*.openbanking.example/", false},
		{"decimal IPv4", "https://3221225985/", false},
		{"hexadecimal IPv4", "https://0xc0000201/", false},
		{"IPv6 written otherwise", "https://[2001:0db8::2]/", false},
		{"mapped IPv4", "https://[::ffff:192.0.2.1]/", false},
		{"IPv6 with a zone", "https://[2001:db8::2%25eth0]/", false},
		{"too long", "https://keystore.openbanking.example/" + strings.Repeat("a", maxURL), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := client.Allows(test.url)
			if test.want != (err == nil) || !test.want && !errors.Is(err, ErrForbidden) {
				t.Errorf("got %v, want allowed %t", err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "example") {
				t.Errorf("the error quotes the URL: %v", err)
			}
		})
	}
}
