package config

import (
	"os"
	"strconv"
	"testing"
)

func itoa(number int) string { return strconv.Itoa(number) }

func read(t *testing.T, path string) *Version {
	t.Helper()
	version, err := Read(path)
	must(t, err)
	return version
}

func slurp(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
