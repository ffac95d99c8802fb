package yamlfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Kind is what a value may be. Reader, writer and JSON Schema all go by it; what no schema can say (that a file is
// there, that a name is known) is checked once the file is read.
type Kind struct {
	words       string         // what a value must be, for the person who fixes it
	enum        []string       // these texts alone
	older       []string       // and these, which only files of earlier versions have
	pattern     *regexp.Regexp // else a text of this form; in the syntax that RE2 and JSON Schema share
	longest     int            // and of so many characters at most
	least, most time.Duration  // and, of a time, from so long to so long
	min, max    int            // else a whole number
	bool        bool           // else true or false
}

// Formed is a text of a form: of a regular expression, from its begin to its end, and of so many characters at most.
func Formed(words string, longest int, pattern string) *Kind {
	return &Kind{words: words, longest: longest, pattern: regexp.MustCompile(`^` + pattern + `$`)}
}

// OneOf is one of a few texts.
func OneOf(texts ...string) *Kind {
	return &Kind{words: "one of " + strings.Join(texts, ", "), enum: texts}
}

// Also accepts further texts, which files of earlier versions have. No message and no schema offers them.
func (k *Kind) Also(texts ...string) *Kind {
	k.older = texts
	return k
}

// Within bounds the time that a text says.
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

// Words say what a value must be.
func (k *Kind) Words() string { return k.words }

// Texts are the texts that a value may be, where it may be one of a few.
func (k *Kind) Texts() []string { return k.enum }

// isText says whether a value is written as a text, and not as a number or true or false.
func (k *Kind) isText() bool { return k.enum != nil || k.pattern != nil }

// accepts says whether a text is one of this kind.
func (k *Kind) accepts(text string) bool {
	if k.enum != nil {
		return slices.Contains(k.enum, text) || slices.Contains(k.older, text)
	}
	return utf8.RuneCountInString(text) <= k.longest && k.pattern.MatchString(text)
}
