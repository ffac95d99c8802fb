package rule_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Every optional rule is in some profile, and every profile names optional rules: neither side has what the other forgot.
func TestProfilesAndRulesAgree(t *testing.T) {
	named := map[string]bool{}
	for _, name := range profile.Names() {
		shipped, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range shipped.Rules {
			named[id] = true
		}
	}
	for _, id := range rule.IDs(true) {
		if !named[id] {
			t.Errorf("no profile names the rule %s", id)
		}
		delete(named, id)
	}
	if len(named) > 0 {
		t.Errorf("profiles name %v, which are not optional", named)
	}
}

// A bad element of a list is refused and named by its index, wherever it stands.
func TestBadElementsAreNamedByTheirIndex(t *testing.T) {
	for _, c := range []struct {
		member, bad, rule string
		good              []string
	}{
		{"grant_types", "password", "dictionary.values", []string{"authorization_code", "client_credentials", "refresh_token"}},
		{"response_types", "token", "dictionary.values", []string{"code", "code id_token"}},
		{"redirect_uris", "http://tpp.example/", "redirect_uris.https", softwareURIs},
		{"redirect_uris", "https://tpp.example/none", "redirect_uris.statement", softwareURIs},
		{"redirect_uris", "", "dictionary.length", softwareURIs},
		{"redirect_uris", "https://tpp.example/" + strings.Repeat("x", 256), "dictionary.length", softwareURIs},
	} {
		for at, list := range withEach(c.good, c.bad) {
			want := c.rule + " /" + c.member + "/" + strconv.Itoa(at)
			if got := verdict(t, rule.Check(registration(t, claims{c.member: list}))); got != want {
				t.Errorf("%s at %d of %s: got %q, want %q", c.bad, at, c.member, got, want)
			}
		}
	}
}

// It is so with every list of every profile that is shipped: of whatever the dictionary lists, a value that it does not have
// is refused and named by its index.
func TestEveryListOfEveryProfile(t *testing.T) {
	lists := 0
	for _, name := range profile.Names() {
		shipped := loadProfile(t, name)
		for member, is := range shipped.Members {
			if is.Type != dcr.TypeStrings || is.In == dcr.InResponse {
				continue
			}
			lists++
			good := map[string][]string{"redirect_uris": softwareURIs, "scope": {"openid", "accounts", "payments"}}[member]
			if good == nil {
				good = is.Values
			}
			bad, want := "nonsense", "dictionary.values"
			if member == "redirect_uris" {
				want = "redirect_uris.https"
			}
			if member == "scope" { // each is known or not, and all are named at once
				bad, want = strings.Repeat("x", is.MaxLength+1), "dictionary.length"
			}
			for at, list := range withEach(good, bad) {
				r := registration(t, claims{member: list})
				if name == "cdr-au" {
					r = abroad(t, name, claims{member: list}, nil)
				}
				r.Profile = shipped
				if got := verdict(t, rule.Check(r)); !strings.Contains(", "+got+",", ", "+want+" /"+member+"/"+strconv.Itoa(at)+",") {
					t.Errorf("%s, %s with one at %d: got %q, want %s", name, member, at, got, want)
				}
			}
		}
	}
	if lists < 3*len(profile.Names()) {
		t.Errorf("only %d lists found", lists)
	}
}

// What a request asks does not depend on the order in which it says so.
func TestOrderOfMembersDoesNotMatter(t *testing.T) {
	for _, change := range []claims{nil, {"aud": "another", "scope": "unknown", "grant_types": []string{"password"}, "jwks": claims{}, "iat": nil}} {
		request := registration(t, change)
		want := verdict(t, rule.Check(request))
		names := make([]string, 0, len(request.Request))
		for name := range request.Request {
			names = append(names, name)
		}
		slices.Sort(names)
		for range 20 {
			rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			var text strings.Builder
			for i, name := range names {
				if i > 0 {
					text.WriteByte(',')
				}
				fmt.Fprintf(&text, "%q:%s", name, request.Request[name])
			}
			shuffled, err := strictjson.Parse([]byte("{" + text.String() + "}"))
			if err != nil {
				t.Fatal(err)
			}
			again := *request
			again.Request = shuffled
			if got := verdict(t, rule.Check(&again)); got != want {
				t.Fatalf("in the order %q: got %q, want %q", names, got, want)
			}
		}
	}
}

// No rule has a clock or a network: they import nothing that has.
func TestRulesAreAlone(t *testing.T) {
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "time.Now") || strings.Contains(string(text), "time.Since") || strings.Contains(string(text), "time.Until") {
			t.Errorf("%s reads the clock", name)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range file.Imports {
			path, _ := strconv.Unquote(imported.Path.Value)
			if slices.Contains([]string{"net", "net/http", "os", "os/exec", "io/fs", "math/rand", "math/rand/v2", "crypto/rand"}, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
