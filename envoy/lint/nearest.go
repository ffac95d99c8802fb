package lint

import (
	"strings"
)

// nearest is the end of a sentence about a name that nobody knows: the known name that it was probably meant to be, or
// else all of them, where those are few.
func nearest(name string, known []string) string {
	best, least := "", min(len(name)/3, 3)+1
	for _, candidate := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	switch {
	case best != "":
		return "; did you mean \"" + best + "\"?"
	case len(known) == 0 || len(known) > 12:
		return ""
	}
	return "; there are " + strings.Join(known, ", ")
}

// distance is the number of characters to add, drop or change that makes one text of the other.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal, row[j+1] = row[j+1], min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
