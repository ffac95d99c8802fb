package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Two variables make the test longer: how long gates have different files, and whether each change is made in every order of
// the gates instead of in one.
const (
	gapVariable    = "DCR_FLEET_GAP" // as 10s
	ordersVariable = "DCR_FLEET_ORDERS"
	allOrders      = "all"
)

// A change is one that an administrator may make to the files of a fleet. Gates get it one after the other.
type change struct {
	name  string
	edit  []string          // old and new texts of routes.yaml
	files map[string]string // beside routes.yaml
	// orphan says that a gate has no profile or directory for a client, by whether the client was registered by the new file
	// and whether the gate has the new file.
	orphan func(client, gate bool) bool
	// lacks is an endpoint that the new file has not, or DELETE.
	lacks string
	// audience is the aud of registration requests in the new file, where that is another.
	audience string
	// again says whether a software product may register a second time, by the file of the gate.
	again func(gate bool) bool
}

const ours = "extends: obie-3.3\nname: ours\n"

// changes are all kinds of changes that gates and registries could once disagree about.
func changes(w *harness.World, directoryFile string) []change {
	return []change{
		{name: "another profile", edit: []string{"profile: ours\n", "profile: theirs\n", "profiles: [ours.yaml]", "profiles: [theirs.yaml]"},
			files: map[string]string{"theirs.yaml": "extends: obie-3.3\nname: theirs\n"}, orphan: func(client, gate bool) bool { return client != gate }},
		{name: "a profile's content", edit: []string{"profiles: [ours.yaml]", "profiles: [lenient.yaml]"},
			files: map[string]string{"lenient.yaml": ours + "clients: {duplicates: allow}\n"}, again: func(gate bool) bool { return gate }},
		{name: "names of routes", edit: []string{"name: register\n", "name: join\n", "name: client\n", "name: member\n", "{name: token,", "{name: tokens,", "{name: revoke,", "{name: revocation,"}},
		{name: "the path of the registration", edit: []string{"/open-banking/v3.3/register", "/open-banking/v3.3/clients"}},
		{name: "the path of the token endpoint", edit: []string{"/oauth2/token", "/oauth2/tokens"}},
		{name: "no introspection", edit: []string{"  - {name: introspect,", "  #"}, lacks: "introspection"},
		{name: "no DELETE", edit: []string{"    path: \"/open-banking/v3.3/register/{ClientId}\"\n    methods: [GET, DELETE]", "    path: \"/open-banking/v3.3/register/{ClientId}\"\n    methods: [GET]"}, lacks: http.MethodDelete},
		{name: "the audience of tokens", edit: []string{"  audience: https://", "  audience: https://new."}},
		{name: "the issuer", edit: []string{"issuer: https://", "issuer: https://new."}},
		{name: "the name of a directory", edit: []string{"directories: [directory.yaml,", "directories: [renamed.yaml,", "directories: [sandbox]", "directories: [renamed]",
			"directories: [sandbox, ", "directories: [renamed, "},
			files: map[string]string{"renamed.yaml": renamed(directoryFile)}, orphan: func(client, gate bool) bool { return client != gate }},
		{name: "the audience of registrations", edit: []string{`audiences: ["` + w.File.Audience + `"`, `audiences: ["another-bank"`}, audience: "another-bank"},
	}
}

// renamed is the text of a directory's file with another name.
func renamed(text string) string {
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.HasPrefix(line, "name:") })
	return strings.Join(append(lines, "name: renamed", ""), "\n")
}

// gateway is a gateway of the fleet, and whether it has the new file.
type gateway struct {
	*harness.World
	base string // of its listener that asks for a certificate
	new  bool
}

// endpoints are what the gateway's own discovery document says, at the gateway's own address.
type endpoints struct {
	audience                                       string // of client assertions
	registration, token, revocation, introspection string
}

func (g *gateway) discover(t *testing.T) endpoints {
	t.Helper()
	request, err := harness.NewRequest(t.Context(), http.MethodGet, g.File.Discovery, "", "")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := harness.Do(g.Client(nil, harness.HTTP2), request)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("discovery: %v, %v", answer, err)
	}
	var said map[string]any
	if err := json.Unmarshal(answer.Body, &said); err != nil {
		t.Fatal(err)
	}
	here := func(name string) string {
		text, _ := said[name].(string)
		parsed, err := url.Parse(text)
		if err != nil || text == "" {
			return ""
		}
		return g.base + parsed.Path
	}
	audience, _ := said["token_endpoint"].(string)
	return endpoints{audience, here("registration_endpoint"), here("token_endpoint"), here("revocation_endpoint"), here("introspection_endpoint")}
}

// rollout is a fleet whose gates get a change one after the other.
type rollout struct {
	t        *testing.T
	gateways []*gateway
	pool     []*harness.Software // that have no client; one for each gateway
	before   string              // the text of routes.yaml
}

func newRollout(t *testing.T) *rollout {
	w := harness.New(t, harness.Options{Program: program, Fleet: 3})
	text, err := w.Routes()
	if err != nil {
		t.Fatal(err)
	}
	r := &rollout{t: t, before: strings.ReplaceAll("profiles: [ours.yaml]\n"+text, "profile: obie-3.3\n", "profile: ours\n")}
	r.write(w, map[string]string{"ours.yaml": ours})
	for i := range w.File.Fleet {
		at := w.At(i + 1)
		r.gateways = append(r.gateways, &gateway{World: at, base: at.MTLS()})
		software, err := at.Enrol(t.Context(), harness.Order{})
		if err != nil {
			t.Fatal(err)
		}
		r.pool = append(r.pool, software)
	}
	for _, g := range slices.Backward(r.gateways) { // the others are links to the first one's
		r.install(g, r.before, false)
	}
	return r
}

func (r *rollout) write(w *harness.World, files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(filepath.Dir(w.Path(w.File.Routes)), name), []byte(text), 0o600); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rollout) install(g *gateway, text string, isNew bool) {
	r.t.Helper()
	if err := g.Install(r.t.Context(), text); err != nil {
		r.t.Fatal(err)
	}
	g.new = isNew
}

// TestEveryAnswerIsThatOfTheAskedGatesFile gives a change to one gate after the other, and back, while software products
// register, get tokens, call, revoke and delete at all of them.
func TestEveryAnswerIsThatOfTheAskedGatesFile(t *testing.T) {
	r := newRollout(t)
	w := r.gateways[0].World
	directoryFile, err := os.ReadFile(w.Path("directory.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	gap, _ := time.ParseDuration(os.Getenv(gapVariable))
	orders := [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
	for i, c := range changes(w, string(directoryFile)) {
		chosen := orders[i%len(orders) : i%len(orders)+1]
		if os.Getenv(ordersVariable) == allOrders {
			chosen = orders
		}
		for _, order := range chosen {
			t.Run(fmt.Sprint(c.name, " ", order), func(t *testing.T) {
				r.in(t).run(c, order, gap)
			})
		}
	}
	for _, at := range w.File.Fleet {
		text, err := os.ReadFile(w.Path(at.Logs.Registry))
		if err != nil || strings.Contains(string(text), `"status":403`) {
			t.Errorf("%s has a 403 (%v)", at.Logs.Registry, err)
		}
	}
}

// in is the same fleet for a subtest.
func (r *rollout) in(t *testing.T) *rollout {
	inner := *r
	inner.t = t
	return &inner
}

func (r *rollout) run(c change, order []int, gap time.Duration) {
	after := r.before
	for i := 0; i < len(c.edit); i += 2 {
		edited := strings.ReplaceAll(after, c.edit[i], c.edit[i+1])
		if edited == after {
			r.t.Fatalf("routes.yaml has no %q", c.edit[i])
		}
		after = edited
	}
	r.write(r.gateways[0].World, c.files)
	living := r.registerAt(r.gateways[0], r.stranger(), c) // at the file of before
	r.tokenAt(r.gateways[0], living)
	for _, number := range order {
		r.install(r.gateways[number], after, true)
		time.Sleep(gap)
		r.walk(c)
		r.callAll(living, c, http.StatusOK, "a token of before the change")
	}
	for _, number := range order {
		r.install(r.gateways[number], r.before, false)
	}
	r.callAll(living, c, http.StatusOK, "a token of before the change and back")
	r.deleteAt(r.gateways[0], living, http.StatusNoContent)
}

func (r *rollout) stranger() *harness.Software {
	r.t.Helper()
	software, err := r.gateways[0].Enrol(r.t.Context(), harness.Order{})
	if err != nil {
		r.t.Fatal(err)
	}
	return software
}

// member is a client, and whether a new file registered it.
type member struct {
	*harness.Registered
	new bool
}

// walk has a software product of each gateway register there, and do at all gateways what it may.
func (r *rollout) walk(c change) {
	for i, home := range r.gateways {
		m := r.registerAt(home, r.pool[i], c)
		if c.again != nil {
			r.tokenAt(home, m) // a client that has no token yet is given back
			r.registersAgain(home, m, c)
		}
		// The two others do something, unless they do not know this client.
		first, second := r.known(i+1, m, c, ""), r.known(i+2, m, c, http.MethodDelete)
		r.tokenAt(home, m)
		r.callAll(m, c, http.StatusOK, "a fresh token")
		r.introspectAll(m, c, true)
		r.wantForm(first, m, first.discover(r.t).revocation, url.Values{"token": {m.Token}}, http.StatusOK)
		r.callAll(m, c, http.StatusUnauthorized, "a revoked token")
		r.introspectAll(m, c, false)
		r.tokenAt(first, m)
		r.callAll(m, c, http.StatusOK, "a token of another gateway")
		if second == nil { // nobody deletes
			r.pool[i] = r.stranger()
			continue
		}
		r.deleteAt(second, m, http.StatusNoContent)
		r.callAll(m, c, http.StatusUnauthorized, "a deleted client's token")
		r.wantForm(home, m, home.discover(r.t).token, url.Values{"grant_type": {"client_credentials"}}, http.StatusUnauthorized)
	}
}

// known is the gateway of a number, or the next one whose file has what the client needs.
func (r *rollout) known(number int, m *member, c change, method string) *gateway {
	for i := range r.gateways {
		g := r.gateways[(number+i)%len(r.gateways)]
		orphan := c.orphan != nil && c.orphan(m.new, g.new)
		if !orphan && (method != c.lacks || method == "" || !g.new) {
			return g
		}
	}
	return nil
}

func (r *rollout) registerAt(g *gateway, software *harness.Software, c change) *member {
	r.t.Helper()
	software.World = g.World
	m := &member{&harness.Registered{Software: software, HTTP: g.Client(&software.Transport, harness.HTTP2)}, g.new}
	if g.new && c.audience != "" { // the one of before is not accepted there
		contentType, body := m.Sent(m.Request())
		if answer := m.Send(r.t, http.MethodPost, g.discover(r.t).registration, contentType, body, false); answer.Status != http.StatusBadRequest {
			r.t.Errorf("a registration for the audience of before: %s", answer)
		}
	}
	answer := r.apply(g, m, c)
	if answer.Status != http.StatusCreated {
		r.t.Fatalf("register at %s, with the new file %v: %s", g.base, g.new, answer)
	}
	m.ID = answer.Text("client_id")
	return m
}

func (r *rollout) apply(g *gateway, m *member, c change) *harness.Answer {
	r.t.Helper()
	request := m.Request()
	if g.new && c.audience != "" {
		request.Claims["aud"] = c.audience
	}
	contentType, body := m.Sent(request)
	return m.Send(r.t, http.MethodPost, g.discover(r.t).registration, contentType, body, false)
}

// registersAgain has the software register a second time, where the profile decides whether it may.
func (r *rollout) registersAgain(g *gateway, m *member, c change) {
	r.t.Helper()
	answer := r.apply(g, m, c)
	if allowed := answer.Status == http.StatusCreated; allowed != c.again(g.new) || !allowed && answer.Status != http.StatusBadRequest {
		r.t.Errorf("a second registration, with the new file %v: %s", g.new, answer)
	} else if allowed {
		other := &member{&harness.Registered{Software: m.Software, HTTP: m.HTTP, ID: answer.Text("client_id")}, g.new}
		r.tokenAt(g, other)
		r.deleteAt(g, other, http.StatusNoContent)
	}
}

// form posts a form with a client assertion.
func (r *rollout) form(g *gateway, m *member, endpoint string, form url.Values) *harness.Answer {
	r.t.Helper()
	form.Set("client_assertion_type", dcrclient.AssertionType)
	assertion := m.Software.Software.Assertion(m.ID, g.discover(r.t).audience)
	compact, err := assertion.Compact()
	if err != nil {
		r.t.Fatal(err)
	}
	form.Set("client_assertion", compact)
	return m.Send(r.t, http.MethodPost, endpoint, dcrclient.FormType, form.Encode(), false)
}

func (r *rollout) wantForm(g *gateway, m *member, endpoint string, form url.Values, want int) {
	r.t.Helper()
	if answer := r.form(g, m, endpoint, form); answer.Status != want {
		r.t.Errorf("%s, with the new file %v: %s, want %d", endpoint, g.new, answer, want)
	}
}

// tokenAt gets a token for whatever the client is registered for, which must be something.
func (r *rollout) tokenAt(g *gateway, m *member) {
	r.t.Helper()
	answer := r.form(g, m, g.discover(r.t).token, url.Values{"grant_type": {"client_credentials"}})
	if answer.Status != http.StatusOK || !strings.Contains(answer.Text("scope"), "accounts") {
		r.t.Fatalf("token at %s, with the new file %v: %s", g.base, g.new, answer)
	}
	m.Token = answer.Text("access_token")
	harness.Remember(m.Token)
}

// callAll calls an API of the bank at every gateway.
func (r *rollout) callAll(m *member, c change, want int, what string) {
	r.t.Helper()
	for _, g := range r.gateways {
		want := want
		if want == http.StatusOK && c.orphan != nil && c.orphan(m.new, g.new) {
			want = http.StatusServiceUnavailable
		}
		if answer := m.Get(r.t, g.File.APIs[0].URL); answer.Status != want {
			r.t.Errorf("%s at %s, with the new file %v: %s, want %d", what, g.base, g.new, answer, want)
		}
	}
}

func (r *rollout) introspectAll(m *member, c change, active bool) {
	r.t.Helper()
	for _, g := range r.gateways {
		endpoint := g.discover(r.t).introspection
		if gone := c.lacks == "introspection" && g.new; gone != (endpoint == "") {
			r.t.Errorf("with the new file %v, discovery names %q", g.new, endpoint)
		}
		if endpoint == "" {
			continue
		}
		answer := r.form(g, m, endpoint, url.Values{"token": {m.Token}})
		if c.orphan != nil && c.orphan(m.new, g.new) {
			if answer.Status != http.StatusServiceUnavailable {
				r.t.Errorf("introspection by who cannot know: %s", answer)
			}
		} else if answer.Status != http.StatusOK || answer.JSON(r.t)["active"] != active {
			r.t.Errorf("introspection at %s, with the new file %v: %s, want active %v", g.base, g.new, answer, active)
		}
	}
}

func (r *rollout) deleteAt(g *gateway, m *member, want int) {
	r.t.Helper()
	target := dcrclient.ClientURL(g.discover(r.t).registration, m.ID)
	if answer := m.Send(r.t, http.MethodDelete, target, "", "", true); answer.Status != want {
		r.t.Errorf("DELETE at %s, with the new file %v: %s, want %d", g.base, g.new, answer, want)
	}
}

// TestRedisLosesWhatGatesPublish takes versions and facts keys out of Redis while the registries have nothing in memory:
// the next answers are right or 503, and right again soon.
func TestRedisLosesWhatGatesPublish(t *testing.T) {
	w := harness.New(t, harness.Options{Program: program, Fleet: 2})
	c := client{w.Register(t, harness.Order{}), t}
	c.token(w.File.Fleet[0])
	status, err := w.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	facts, err := w.AskRedis(t.Context(), "KEYS", "dcr:facts:*")
	if err != nil {
		t.Fatal(err)
	}
	lost := []any{"DEL", "dcr:version:" + status.Version, "dcr:versions"}
	lost = append(lost, facts.([]any)...)
	for _, part := range []string{"registry", "registry-2"} {
		if err := w.Kill(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.AskRedis(t.Context(), lost...); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, at := range w.File.Fleet {
		for {
			answer := c.Form(t, at.Token, url.Values{"grant_type": {"client_credentials"}})
			if answer.Status == http.StatusOK {
				break
			}
			if answer.Status != http.StatusServiceUnavailable || ctx.Err() != nil {
				t.Fatalf("%s: %s", at.Token, answer)
			}
		}
		c.wantStatus(http.StatusOK, at)
	}
}
