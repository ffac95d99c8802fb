package xds

import (
	"strings"
	"unicode"
)

const (
	maxWords = 1000 // characters of a NACK's message, which may repeat the whole resource
	maxID    = 200
	maxWord  = 60 // in a NACK of a secret; a line of PEM has 64
)

// inlines are the marks that precede a secret's content in Envoy's messages, as text or as JSON.
var inlines = []string{"-----", "inline_", "inlineBytes", "inlineString", `"`, "{"}

// refusal returns the message of a NACK, safe to show and log.
func refusal(kind kind, message string) string {
	if kind == secrets {
		message = withoutContent(message)
	}
	if words := clean(message, maxWords); words != "" {
		return words
	}
	return "no reason given"
}

// withoutContent cuts a message off where it might begin to repeat a secret.
func withoutContent(message string) string {
	for _, mark := range inlines {
		message, _, _ = strings.Cut(message, mark)
	}
	words := strings.Fields(message)
	for i, word := range words {
		if len(word) > maxWord {
			words[i] = "..."
		}
	}
	return strings.Join(words, " ")
}

// clean returns the text as one line of at most limit printable characters.
func clean(text string, limit int) string {
	printable := strings.Map(func(char rune) rune {
		if !unicode.IsGraphic(char) || char == unicode.ReplacementChar {
			return ' '
		}
		return char
	}, text)
	line := []rune(strings.Join(strings.Fields(printable), " "))
	if len(line) > limit {
		return string(line[:limit]) + "..."
	}
	return string(line)
}
