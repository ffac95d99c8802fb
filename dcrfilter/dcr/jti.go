package dcr

import (
	"strings"
	"unicode"
)

// IsJTI reports whether a text may be the jti of a JWT: "a unique identifier for the JWT ... assigned in a manner that ensures
// that there is a negligible probability that the same value will be accidentally assigned to a different data object" (RFC
// 7519, section 4.1.7). A blank text ensures nothing, and one with control characters looks like another in a log.
func IsJTI(text string) bool {
	unprintable := func(c rune) bool { return !unicode.IsPrint(c) }
	return strings.TrimSpace(text) != "" && !strings.ContainsFunc(text, unprintable)
}
