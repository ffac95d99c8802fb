package yamlfile

import (
	"bytes"
	"regexp"
)

var (
	pemMark    = []byte("-----")
	secretKeys = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|secret|private|credential|api[_-]?key)[a-z0-9_-]*["']?\s*:`)
	longRun    = regexp.MustCompile(`[A-Za-z0-9+/=_-]{16,}`)
)

// mayHoldSecret reports whether a line must not be shown: it has a PEM marker, a key whose name suggests a secret, or a
// long sequence of characters that mixes lower case, upper case and digits as words do not.
func mayHoldSecret(line []byte) bool {
	if bytes.Contains(line, pemMark) || secretKeys.Match(line) {
		return true
	}
	for _, run := range longRun.FindAll(line, -1) {
		changes := 0
		for i := 1; i < len(run); i++ {
			if before, now := class(run[i-1]), class(run[i]); before != now && before != sign && now != sign {
				changes++
			}
		}
		if changes*5 >= len(run) {
			return true
		}
	}
	return false
}

const sign = 0

func class(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return 1
	case c >= 'A' && c <= 'Z':
		return 2
	case c >= '0' && c <= '9':
		return 3
	}
	return sign
}
