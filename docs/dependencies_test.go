package docs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const dependencies = "dependencies.md"

// dependencyRow is a line of the page: module, version, licence, reason.
var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*) \\| ([^|]+) \\| ([^|]+) \\|$")

// module is a Go module in the program that ships.
type module struct{ Path, Version, Dir string }

// TestDependencies: the page has exactly the modules of the program that ships, with their versions and licences.
func TestDependencies(t *testing.T) {
	page := textOf(t, dependencies)
	missing := shipped(t)
	want := dependencyRow.ReplaceAllStringFunc(page, func(line string) string {
		cells := dependencyRow.FindStringSubmatch(line)
		found, there := missing[cells[1]]
		if !there {
			t.Errorf("%s is not in the program that ships: remove its line", cells[1])
			return line
		}
		delete(missing, cells[1])
		if licence, err := licenceOf(found.Dir); err != nil || licence != cells[3] {
			t.Errorf("%s: the page says %s, its licence file %q, %v", cells[1], cells[3], licence, err)
		}
		return fmt.Sprintf("| `%s` | %s | %s | %s |", cells[1], found.Version, cells[3], cells[4])
	})
	for _, path := range slices.Sorted(maps.Keys(missing)) {
		licence, _ := licenceOf(missing[path].Dir)
		t.Errorf("%s is in the program that ships, and has no line in %s. Is it worth it? Then: | `%s` | %s | %s | REASON |",
			path, dependencies, path, missing[path].Version, licence)
	}
	holdPage(t, dependencies, []byte(want))
}

// shipped returns the modules of the production build, on every platform that the image is for.
func shipped(t *testing.T) map[string]module {
	t.Helper()
	found := map[string]module{}
	for _, arch := range []string{"amd64", "arm64"} {
		list := exec.Command("go", "list", "-deps", "-tags", "production", "-json=Module", ".")
		list.Dir, list.Env = "..", append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
		text, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		for packages := json.NewDecoder(bytes.NewReader(text)); ; {
			var one struct {
				Module *struct {
					module
					Main bool
				}
			}
			if err := packages.Decode(&one); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if one.Module != nil && !one.Module.Main {
				found[one.Module.Path] = one.Module.module
			}
		}
	}
	if len(found) < 10 {
		t.Fatalf("only %d modules found: the test does not see the program", len(found))
	}
	return found
}

// licences are the ones that we accept, each with the sentences that only its text has.
var licences = []struct {
	id        string
	has, none []string
}{
	{"Apache-2.0", []string{"Apache License Version 2.0"}, nil},
	{"MPL-2.0", []string{"Mozilla Public License"}, nil},
	{"MIT", []string{"Permission is hereby granted, free of charge", "THE SOFTWARE IS PROVIDED"}, nil},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "Neither the name"}, nil},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}, []string{"Neither the name"}},
}

// licenceOf reads the licence file of a module.
func licenceOf(dir string) (id string, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "LICENSE*"))
	if err != nil || len(names) == 0 {
		return "", fmt.Errorf("no licence file in %s: %w", dir, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		return "", err
	}
	words := strings.Join(strings.Fields(string(text)), " ")
	says := func(sentence string) bool { return strings.Contains(words, sentence) }
	for _, licence := range licences {
		if !slices.ContainsFunc(licence.has, func(s string) bool { return !says(s) }) && !slices.ContainsFunc(licence.none, says) {
			return licence.id, nil
		}
	}
	return "", fmt.Errorf("%s has a licence that we have not accepted yet", names[0])
}
