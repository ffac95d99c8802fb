package scenario

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// protection is what a shipped profile says about the management of its clients.
type protection struct {
	profile     string
	scope       string // that manages its clients
	unsigned    bool   // its requests are plain JSON
	directories string // whose software registers on its path
}

var protections = []protection{
	{profile: "obie-3.1", directories: "sandbox"},
	{profile: "obie-3.2", directories: "sandbox"},
	{profile: "obie-3.3", directories: "sandbox"},
	{profile: "obie-3.4", directories: "sandbox"},
	{profile: "generic-0.1", directories: "sandbox sandbox-cdr"},
	{profile: "is-json", unsigned: true, directories: "sandbox"},
	{profile: "cdr-au", scope: "cdr:registration", directories: "sandbox-cdr"},
}

// directory is the one whose software the profile's clients are of in this test.
func (p protection) directory() string { return strings.Fields(p.directories)[0] }

// What protects a client is its own profile, whatever path is used to manage it: the scope, signed updates and the
// software's directory. Where the path's profile is stricter, that one counts.
func TestClientIsProtectedByItsOwnProfile(t *testing.T) {
	t.Parallel()
	for _, own := range protections {
		t.Run(own.profile, func(t *testing.T) {
			t.Parallel()
			p := enrol(t, gateway, harness.Order{Profile: own.profile})
			for _, path := range protections {
				t.Run("at "+path.profile, func(t *testing.T) { managed(t, p, own, path) })
			}
		})
	}
}

// Tokens and updates at another path take nothing of the protection away: the client stays where it is, unless the
// other profile protects it as well.
func TestUpdateKeepsTheProtection(t *testing.T) {
	t.Parallel()
	own, generic := protections[6], protections[4]
	c := fresh(t, recipient(t), own)
	manage, data := tokenWith(t, c, own), tokenWith(t, c)
	checkManaged(t, "PUT", c.manageAt(t, generic, "PUT signed", manage), "")
	for _, path := range []protection{own, generic} {
		checkManaged(t, "GET after it", c.manageAt(t, path, "GET", data), "scope.missing")
		checkManaged(t, "GET after it", c.manageAt(t, path, "GET", manage), "")
	}
	plain, obie := protections[5], protections[2]
	moved := fresh(t, enrol(t, gateway, harness.Order{Profile: plain.profile}), plain)
	token := moved.token(t)
	checkManaged(t, "PUT unsigned", moved.manageAt(t, plain, "PUT unsigned", token), "")
	checkManaged(t, "PUT signed", moved.manageAt(t, obie, "PUT signed", token), "")
	checkManaged(t, "PUT unsigned after it", moved.manageAt(t, plain, "PUT unsigned", token), "immutable.signature")
}

// managed registers a client under its own profile and manages it at the path of another: with a token that may not,
// with one that may, by each form of a request. At the end the client deletes itself.
func managed(t *testing.T, p *tpp, own, path protection) {
	c := fresh(t, p, own)
	tokens := map[bool]string{true: tokenWith(t, c, own, path), false: tokenWith(t, c)}
	for _, may := range []bool{false, true} {
		want := verdict(own, path, may)
		for _, method := range []string{"GET", "PUT signed", "PUT unsigned", "DELETE"} {
			if may && (own.scope != "") != (path.scope != "") {
				want = verdict(own, path, own.scope != "") // no token has a scope that the client is not registered for
			}
			answer := c.manageAt(t, path, method, tokens[may])
			checkManaged(t, method, answer, expected(own, path, method, want))
			if method == "DELETE" && answer.Status == http.StatusNoContent {
				return
			}
		}
	}
	end := c.do(t, call{method: "DELETE", url: c.url, header: bearer(tokenWith(t, c, own))})
	if end.Status != http.StatusNoContent {
		t.Fatalf("the client could not delete itself: %s", end)
	}
}

// fresh registers the software under its own profile.
func fresh(t *testing.T, p *tpp, own protection) *client {
	t.Helper()
	p.follow(own.profile)
	renew(t, p)
	return p.register(t, nil)
}

// renew fetches another statement where one counts once.
func renew(t *testing.T, p *tpp) {
	t.Helper()
	if p.Profile != "cdr-au" {
		return
	}
	if err := p.Restate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// tokenWith gets a token that has the management scopes of these profiles, as far as the client is registered for them;
// for none it has a scope for data only.
func tokenWith(t *testing.T, c *client, of ...protection) string {
	t.Helper()
	registered := strings.Fields(strings.Trim(strings.ReplaceAll(text(c.document["scope"]), ",", " "), "[]"))
	var scopes []string
	for _, one := range of {
		if one.scope != "" && slices.Contains(registered, one.scope) && !slices.Contains(scopes, one.scope) {
			scopes = append(scopes, one.scope)
		}
	}
	if len(scopes) == 0 {
		scopes = registered[slices.IndexFunc(registered, func(s string) bool { return s == "accounts" || strings.HasPrefix(s, "bank:") }):][:1]
	}
	return c.tokenOf(t, c.form(map[string][]string{"scope": {strings.Join(scopes, " ")}}))
}

func text(value any) string {
	if list, ok := value.([]any); ok {
		var all []string
		for _, one := range list {
			all = append(all, one.(string))
		}
		return strings.Join(all, " ")
	}
	one, _ := value.(string)
	return one
}

// manageAt sends a request about the client to the path of a profile.
func (c *client) manageAt(t *testing.T, path protection, method, token string) *harness.Answer {
	t.Helper()
	was := c.Profile
	verb, form, _ := strings.Cut(method, " ")
	if form != "" {
		renew(t, c.tpp)
	}
	defer func() { c.follow(was) }()
	c.follow(path.profile)
	sent := call{method: verb, url: c.ClientURL(c.id), header: bearer(token)}
	request := c.Request()
	if path.profile == "generic-0.1" {
		request.Claims["scope"] = text(c.document["scope"])
	}
	switch form {
	case "signed":
		sent.contentType, sent.body = "application/jwt", request.Compact()
	case "unsigned":
		c.follow("is-json")
		sent.contentType, sent.body = c.Sent(request)
	}
	return c.do(t, sent)
}

// verdict is what refuses the management as such: "" if nothing does.
func verdict(own, path protection, may bool) string {
	switch {
	case !slices.Contains(strings.Fields(path.directories), own.directory()):
		return "owner.directory"
	case (own.scope != "" || path.scope != "") && !may:
		return "scope.missing"
	}
	return ""
}

// expected is the rule that refuses the method, or "".
func expected(own, path protection, method, refused string) string {
	_, form, _ := strings.Cut(method, " ")
	switch {
	case refused != "":
		return refused
	case form == "":
		return ""
	case (form == "unsigned") != path.unsigned:
		return "content_type"
	case path.unsigned && !own.unsigned:
		return "immutable.signature"
	}
	return ""
}

func checkManaged(t *testing.T, method string, answer *harness.Answer, want string) {
	t.Helper()
	rules := ""
	if answer.Status >= http.StatusBadRequest {
		rules = answer.Refusal().Rule()
	}
	if rules != want {
		t.Errorf("%s: %s, want %q", method, answer, want)
	}
}
