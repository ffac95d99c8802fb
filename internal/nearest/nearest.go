// Package nearest finds the word that was probably meant by a misspelt one.
package nearest

import (
	"strings"
)

// Word returns the one of some words that is most likely meant by a misspelt one, or "" if none is near.
func Word(word string, words []string) string {
	const longest = 64
	if len(word) > longest {
		return ""
	}
	best, bound := "", min(len(word)/3, 3)+1
	for _, candidate := range words {
		if len(candidate) > longest {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(candidate)); d < bound {
			best, bound = candidate, d
		}
	}
	return best
}

// distance is the number of insertions, deletions, substitutions and transpositions of adjacent letters that turn one word
// into the other.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Ask ends a sentence with the nearest known word, if there is one: "; did you mean that?"
func Ask(word string, words []string) string {
	if best := Word(word, words); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}
