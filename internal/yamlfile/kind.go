package yamlfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Kind defines the allowed values of a key. Reader, writer and JSON Schema all use it. What no schema can express
// (that a file exists, that a name is known) is checked after the file is read.
type Kind struct {
	words       string         // what a value must be, for the person who fixes it
	enum        []string       // only these texts
	older       []string       // further texts, only in files of earlier versions
	pattern     *regexp.Regexp // else a text of this form; in the syntax that RE2 and JSON Schema share
	longest     int            // the largest number of its characters
	least, most time.Duration  // the limits of a time
	min, max    int            // else a whole number
	bool        bool           // else true or false
	json        bool           // else anything that JSON has too
}

// Formed is a text that matches a regular expression from begin to end, with a largest number of characters.
func Formed(words string, longest int, pattern string) *Kind {
	return &Kind{words: words, longest: longest, pattern: regexp.MustCompile(`^` + pattern + `$`)}
}

// OneOf is one of a few texts.
func OneOf(texts ...string) *Kind {
	return &Kind{words: "one of " + strings.Join(texts, ", "), enum: texts}
}

// Also accepts further texts, for files of earlier versions. Messages and schemas do not offer them.
func (k *Kind) Also(texts ...string) *Kind {
	k.older = texts
	return k
}

// Within limits the time that a text means.
func (k *Kind) Within(least, most time.Duration) *Kind {
	k.least, k.most = least, most
	return k
}

// Whole is a whole number.
func Whole(min, max int) *Kind {
	return &Kind{words: fmt.Sprintf("a whole number from %d to %d", min, max), min: min, max: max}
}

// Bool is true or false.
func Bool() *Kind { return &Kind{words: "true or false", bool: true} }

// Words describes the allowed values.
func (k *Kind) Words() string { return k.words }

// Texts returns the allowed texts of an enumeration.
func (k *Kind) Texts() []string { return k.enum }

// isText reports whether the value is written as a text, not as a number, true or false.
func (k *Kind) isText() bool { return k.enum != nil || k.pattern != nil }

// Accepts reports whether a text is an allowed value of a kind of text.
func (k *Kind) Accepts(text string) bool {
	if k.enum != nil {
		return slices.Contains(k.enum, text) || slices.Contains(k.older, text)
	}
	return utf8.RuneCountInString(text) <= k.longest && k.pattern.MatchString(text)
}
