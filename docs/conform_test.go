package docs_test

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/cli/conform"
)

const conformPage = "conform.md"

// The page lists all cases: go test ./docs -run Conform -update.
func TestConformCases(t *testing.T) {
	have, err := os.ReadFile(conformPage)
	if err != nil {
		t.Fatal(err)
	}
	const title = "\n## The cases\n\n"
	head, _, found := strings.Cut(string(have), title)
	cases, err := conform.Cases()
	if err != nil || !found {
		t.Fatalf("the page has a list: %v; %v", found, err)
	}
	var page bytes.Buffer
	page.WriteString(head + title + "| id | requirement | clause | profiles |\n|---|---|---|---|\n")
	for _, c := range cases {
		in := strings.Join(c.Profiles, ", ")
		if in == "" {
			in = "all"
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", c.ID, c.Title, c.Clause, in)
	}
	if *update {
		if err := os.WriteFile(conformPage, page.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		have = page.Bytes()
	}
	if !bytes.Equal(have, page.Bytes()) {
		t.Errorf("%s is not up to date: go test ./docs -run Conform -update", conformPage)
	}
}

// The page names every key that a case may have.
func TestConformKeys(t *testing.T) {
	page, err := os.ReadFile(conformPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []reflect.Type{
		reflect.TypeFor[conform.Case](), reflect.TypeFor[conform.Step](), reflect.TypeFor[conform.Signing](), reflect.TypeFor[conform.Expect](), reflect.TypeFor[conform.Member](),
	} {
		for i := range of.NumField() {
			if key := of.Field(i).Tag.Get("yaml"); !bytes.Contains(page, []byte("`"+key+"`")) {
				t.Errorf("%s is not explained: %s of %s", conformPage, key, of.Name())
			}
		}
	}
}
