package docs_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
)

const profilesPage = "profiles.md"

// sectionOf is what stands under a heading of the page on profile files.
func sectionOf(t *testing.T, heading string) string {
	t.Helper()
	_, text, found := strings.Cut(textOf(t, profilesPage), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("there is no section %s", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// The page on profile files has a row for each key and each shipped profile, and no other.
func TestProfiles(t *testing.T) {
	for heading, want := range map[string][]string{
		"Shipped":   profile.Names(),
		"The file":  append(keysOf(dcr.Profile{}), "extends", "without"),
		"`request`": keysOf(dcr.RequestTimes{}),
		"`clients`": keysOf(dcr.ClientPolicy{}),
		"`members`": keysOf(dcr.Member{}),
	} {
		holdRows(t, heading, sectionOf(t, heading), want)
	}
}

// It lists all rules in their order, and which of them always run.
func TestProfileRules(t *testing.T) {
	var have, want [][]string
	for _, row := range rowsOf(sectionOf(t, "Rules")) {
		have = append(have, []string{namesIn(row[0])[0], row[len(row)-1]})
	}
	for _, known := range rule.All {
		want = append(want, []string{known.ID, map[bool]string{true: "if the profile names it", false: "always"}[known.Optional]})
	}
	if !slices.EqualFunc(have, want, slices.Equal) {
		t.Errorf("rules %q, want %q", have, want)
	}
}

// Its table of the shipped profiles matches them.
func TestShippedProfiles(t *testing.T) {
	for _, row := range rowsOf(sectionOf(t, "Shipped")) {
		name := namesIn(row[0])[0]
		p, err := profile.Load(name)
		if err != nil || len(row) != 5 {
			t.Errorf("%s: %d cells, %v", name, len(row), err)
			continue
		}
		if body := namesIn(row[2]); !slices.Equal(body, []string{p.Body}) {
			t.Errorf("%s: body %q, want %s", name, body, p.Body)
		}
		if rules := namesIn(row[3]); !slices.Equal(rules, p.Rules) {
			t.Errorf("%s: rules %q, want %q", name, rules, p.Rules)
		}
		// The sentence below the table is of all of them.
		if p.Request != (dcr.RequestTimes{MaxAge: time.Hour, MaxLifetime: 24 * time.Hour}) || p.Clients.Duplicates != dcr.RejectDuplicates {
			t.Errorf("%s: %v, %s", name, p.Request, p.Clients.Duplicates)
		}
	}
}

// The example is a valid profile with valid routes, and has one rule more than the profile that it extends.
func TestProfileExample(t *testing.T) {
	p, f := readPage(t, profilesPage), newFolder(t)
	if len(p.examples) != 2 {
		t.Fatalf("%d examples", len(p.examples))
	}
	f.write(t, "our-bank.yaml", []byte(p.examples[0].text))
	whole, uk := wholeFiles(t, readPage(t, apiManager))
	if err := f.check(t, add(t, whole, p.examples[1].text), uk); err != nil {
		t.Error(err)
	}
	own, err := profile.LoadFile(filepath.Join(string(f), "our-bank.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	extended, err := profile.Load("obie-3.3")
	if err != nil {
		t.Fatal(err)
	}
	if rules := append([]string{"client_name"}, extended.Rules...); !slices.Equal(own.Rules, rules) {
		t.Errorf("rules %q, want those of obie-3.3 and client_name", own.Rules)
	}
}
