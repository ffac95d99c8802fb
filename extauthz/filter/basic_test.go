package filter_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

const noUser = "401 unauthorized basic."

func basic(credential string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(credential))
}

// writeUsers writes a file of users whose passwords are their names backwards.
func writeUsers(t *testing.T, path string, names ...string) {
	t.Helper()
	var text string
	for _, name := range names {
		reversed := []byte(name)
		for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
			reversed[i], reversed[j] = reversed[j], reversed[i]
		}
		hash, err := bcrypt.GenerateFromPassword(reversed, 10)
		if err != nil {
			t.Fatal(err)
		}
		text += name + ":" + string(hash) + "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBasic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users")
	writeUsers(t, path, "ada", "grace")
	f, err := filter.NewBasicFilter(nil)
	if err != nil {
		t.Fatal(err)
	}
	check := func(values ...string) error {
		header := http.Header{}
		for _, value := range values {
			header.Add("Authorization", value)
		}
		return f.Check(t.Context(), &filter.Request{Now: time.Now(), Header: header, Route: &filter.Ready{Route: &routes.Route{Name: "register"}, UsersFile: path}})
	}
	for _, c := range []struct {
		name   string
		values []string
		want   string
	}{
		{"none", nil, noUser + "missing"},
		{"a palindrome", []string{basic("ada:ada")}, ""},
		{"right", []string{basic("grace:ecarg")}, ""},
		{"right once more", []string{basic("grace:ecarg")}, ""},
		{"in another case of the scheme", []string{"bASIC " + basic("grace:ecarg")[6:]}, ""},
		{"another's password", []string{basic("ada:ecarg")}, noUser + "user"},
		{"nobody", []string{basic("alan:nala")}, noUser + "user"},
		{"no password", []string{basic("grace:")}, noUser + "user"},
		{"no name", []string{basic(":ecarg")}, noUser + "user"},
		{"two headers", []string{basic("grace:ecarg"), basic("ada:ada")}, noUser + "form"},
		{"two in one header", []string{basic("grace:ecarg") + ", " + basic("ada:ada")}, noUser + "form"},
		{"a token", []string{"Bearer " + basic("grace:ecarg")[6:]}, noUser + "form"},
		{"no base64", []string{"Basic grace:ecarg"}, noUser + "form"},
		{"no colon", []string{basic("grace")}, noUser + "form"},
		{"nothing", []string{""}, noUser + "form"},
		{"too long", []string{basic("grace:" + string(make([]byte, 2<<10)))}, noUser + "form"},
	} {
		t.Run(c.name, func(t *testing.T) { want(t, check(c.values...), c.want) })
	}
	writeUsers(t, path, "ada")
	want(t, check(basic("grace:ecarg")), noUser+"user") // who is taken out is out
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := check(basic("ada:ada")); dcr.AsRefusal(err).Status != http.StatusServiceUnavailable {
		t.Errorf("without the file: %v", err)
	}
}

// A password adds to what is asked, and stands for nothing of it.
func TestBasicIsInAddition(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "users")
	writeUsers(t, path, "ada")
	chain := w.chain("certificate", "basic", "statement")
	for _, c := range []struct {
		name, credential string
		spoil            func(*application)
		want             string
	}{
		{"right", basic("ada:ada"), nil, ""},
		{"wrong", basic("ada:x"), nil, noUser + "user"},
		{"right, with another's certificate", basic("ada:ada"),
			func(a *application) { a.certificate = w.mint(w.legacy, legacyName(otherID, orgID), nil) }, badStatement + "certificate"},
		{"right, without a statement", basic("ada:ada"), func(a *application) { a.noStatement = true }, badStatement + "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := w.in(t)
			a := w.application()
			if c.spoil != nil {
				c.spoil(a)
			}
			r := w.registering(a)
			r.Route.UsersFile = path
			r.Header.Set("Authorization", c.credential)
			want(t, w.register(chain, r), c.want)
		})
	}
}
