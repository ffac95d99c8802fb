// Package pages reads Markdown pages for tests that run what they show.
package pages

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var block = regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$")

// Code is the fenced code of a page whose info string is exactly this (sh, python), all blocks one after the other. A page
// without one fails the test.
func Code(tb testing.TB, file, info string) string {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	code := collect(string(text), info)
	if code == "" {
		tb.Fatalf("%s has no block of %s", file, info)
	}
	return code
}

// Has reports whether a page has a block with this info string.
func Has(tb testing.TB, file, info string) bool {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return collect(string(text), info) != ""
}

func collect(text, info string) string {
	var code strings.Builder
	for _, found := range block.FindAllStringSubmatch(text, -1) {
		if found[1] == info {
			code.WriteString(found[2])
		}
	}
	return code.String()
}

// shown is a comment that has a test look at what the commands above it did: <!-- shown: NAME -->.
var shown = regexp.MustCompile(`(?m)^<!-- shown: ([A-Za-z0-9 -]+) -->$`)

// Story is the code of a page with its marks in between: each becomes a command of its own, so that a test can judge what
// the commands above have done. The marks are invisible to readers.
func Story(tb testing.TB, file, info, command string) string {
	tb.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	marked := shown.ReplaceAllString(string(text), "```"+info+"\n"+command+" $1\n```")
	return collect(marked, info)
}
