package xds

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRefusal(t *testing.T) {
	line := strings.Repeat("MIGHAgEAMBMGByqG", 4)
	for _, c := range []struct {
		name, said, want string
		kind             kind
	}{
		{"as it is", "no such filter: 'x'", "no such filter: 'x'", routes},
		{"one line", " a\r\n\tb\x00c\u2028d\x1b[31m ", "a b c d [31m", routes},
		{"not UTF-8", "a\xffb", "a b", routes},
		{"nothing", " \n", "no reason given", listeners},
		{"cut", strings.Repeat("é", 2000), strings.Repeat("é", 1000) + "...", clusters},
		{"not a secret", `bad "name" {x}`, `bad "name" {x}`, listeners},
		{"secret: PEM", "bad key\n-----BEGIN PRIVATE KEY-----\n" + line, "bad key", secrets},
		{"secret: text", "bad name: \"x\" inline_bytes: \"\\060\\202\"", "bad name:", secrets},
		{"secret: JSON", `bad {"inlineBytes":"MIGH"}`, "bad", secrets},
		{"secret: a line alone", "bad " + line + " key", "bad ... key", secrets},
		{"secret: only content", "-----BEGIN", "no reason given", secrets},
		{"secret: where it is from", "Failed to load private key from <inline>, Cause: KEY_VALUES_MISMATCH",
			"Failed to load private key from <inline>, Cause: KEY_VALUES_MISMATCH", secrets},
	} {
		have := refusal(c.kind, c.said)
		if have != c.want || !utf8.ValidString(have) {
			t.Errorf("%s: have %q, want %q", c.name, have, c.want)
		}
	}
}
