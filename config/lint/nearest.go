package lint

import (
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// mostNamed is how many names are told where none is near.
const mostNamed = 12

// orWhich is the end of a sentence about a name that nobody knows: the known name that it was probably meant to be, or
// else all of them, where those are few.
func orWhich(name string, known []string) string {
	if best := nearest.Word(name, known); best != "" {
		return "; did you mean \"" + best + "\"?"
	}
	if len(known) == 0 || len(known) > mostNamed {
		return ""
	}
	return "; there are " + strings.Join(known, ", ")
}
