package scenario

import (
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// installed installs the world's routes.yaml with texts in place of others, each of which must be in it.
func installed(t *testing.T, w *harness.World, pairs ...string) {
	t.Helper()
	text, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in routes.yaml", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	if err := w.Install(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

// A bank's own profile is a file more: from the moment in which it is saved, a TPP that lost its answer gets its client
// back by signing again, and nobody else does.
func TestOwnProfiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := enrol(t, w, harness.Order{}).register(t, nil)
	before.token(t) // until then it would get its client back
	unfit("software.duplicate").check(t, before.post(t, before.Request()))

	own := "extends: obie-3.3\nname: our-bank\nclients: {duplicates: return-existing}\n"
	if err := os.WriteFile(w.Path("our-bank.yaml"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	installed(t, w, "\ndirectories: [", "\nprofiles: [our-bank.yaml]\ndirectories: [", "profile: obie-3.3", "profile: our-bank")

	request := before.Request()
	again := before.post(t, request)
	if again.Status != http.StatusCreated || !reflect.DeepEqual(again.JSON(t), before.document) {
		t.Errorf("signed again: %s, want the client that was registered", again)
	}
	metadata("jti.replay").check(t, before.post(t, request))
	unfit("software.authentication").check(t, before.post(t, change(before, before.byName(before.subject(t).String()))))
	other := enrol(t, w, harness.Order{OrgID: before.OrgID})
	stolen := before.Request()
	stolen.Key, stolen.Header["kid"] = other.Signing, other.SigningKeyID
	metadata("request.signature").check(t, before.post(t, stolen))
	answer := other.do(t, call{method: "POST", url: before.registration, contentType: "application/jose", body: before.Request().Compact()})
	unfit("statement.certificate").check(t, answer)

	token := before.token(t)
	if answer := before.accounts(t, token); answer.Status != http.StatusOK {
		t.Errorf("the client that was given back: %s", answer)
	}
	if gone := before.do(t, call{method: "DELETE", url: before.url, header: bearer(token)}); gone.Status != http.StatusNoContent {
		t.Error(gone)
	}
	if after := before.register(t, nil); after.id == before.id {
		t.Error("a deleted client was given back")
	}
}

// A user name and password are asked for in addition where the route names a file of them, and stand for nothing else.
func TestUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("a password"), 10)
	if err == nil {
		err = os.WriteFile(w.Path("users"), append([]byte("bank:"), hash...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	const route = "checks: [certificate, statement]\n    dry_run: true   # Prefer: dry-run is answered with what would be registered\n    profile: is-json"
	installed(t, w, route, strings.Replace(route, "certificate,", "certificate, basic,", 1)+"\n    users: users")

	p := enrol(t, w, harness.Order{Profile: "is-json"})
	other := enrol(t, w, harness.Order{Profile: "is-json"})
	send := func(by *tpp, user, password string) *harness.Answer {
		contentType, body := p.Sent(p.Request())
		sent := call{method: "POST", url: p.registration, contentType: contentType, body: body, certificate: &by.Transport, header: http.Header{}}
		if user != "" {
			request := http.Request{Header: sent.header}
			request.SetBasicAuth(user, password)
		}
		return p.do(t, sent)
	}
	for _, c := range []struct {
		name, user, password string
		by                   *tpp
		want                 want
	}{
		{"nobody", "", "", p, want{http.StatusUnauthorized, "unauthorized", "basic.missing"}},
		{"a wrong password", "bank", "another", p, want{http.StatusUnauthorized, "unauthorized", "basic.user"}},
		{"the right one, with another's certificate", "bank", "a password", other, unfit("statement.certificate")},
	} {
		answer := send(c.by, c.user, c.password)
		c.want.check(t, answer)
		if challenge := answer.Header.Get("WWW-Authenticate"); strings.HasPrefix(challenge, "Basic ") != (answer.Status == http.StatusUnauthorized) {
			t.Errorf("%s: the challenge is %q", c.name, challenge)
		}
	}
	if answer := send(p, "bank", "a password"); answer.Status != http.StatusCreated {
		t.Errorf("the right one: %s", answer)
	}
}

// The path that clients are registered at ends with a slash where the profile has it, and nowhere else.
func TestTrailingSlash(t *testing.T) {
	t.Parallel()
	p := enrol(t, gateway, harness.Order{Profile: "is-json"})
	nothing := want{http.StatusNotFound, "not_found", "route.path"}
	contentType, body := p.Sent(p.Request())
	for _, path := range []string{
		strings.TrimSuffix(p.registration, "/"), strings.TrimSuffix(p.registration, "/") + "%2f", p.registration + "%2f", p.registration + "x/",
	} {
		answer := p.do(t, call{method: "POST", url: path, contentType: contentType, body: body})
		if answer.Status == http.StatusCreated || answer.Status < http.StatusBadRequest {
			t.Errorf("%s: %s", path, answer)
		}
	}
	nothing.check(t, p.do(t, call{method: "POST", url: p.World.RegistrationURL("obie-3.3") + "/", contentType: "application/jose", body: "x"}))
	c := p.register(t, nil)
	token := c.token(t)
	if read := c.read(t, token); read.Status != http.StatusOK {
		t.Error(read)
	}
	nothing.check(t, c.do(t, call{method: "GET", url: c.url + "/", header: bearer(token)}))
}
