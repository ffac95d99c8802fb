package scenario

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// keystore serves key sets in the directory's place, by path; any other set is empty.
type keystore struct {
	mu   sync.Mutex
	sets map[string]string
}

func (k *keystore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set, ok := k.sets[r.URL.Path]
	if !ok {
		set = `{"keys":[]}`
	}
	_, _ = io.WriteString(w, set) // the gate is gone
}

// put puts a set at a URL of the directory.
func (k *keystore) put(t *testing.T, at string, keys ...any) {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sets[u.Path] = string(text)
}

// published is a key set that the directory publishes.
func published(t *testing.T, w *harness.World, url string) []map[string]any {
	t.Helper()
	response, err := w.Client(nil, harness.HTTP1).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var set struct{ Keys []map[string]any }
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("%s: %d keys, %v", url, len(set.Keys), err)
	}
	return set.Keys
}

// A revoked signing key gets no token and registers nothing: neither by its kid, nor without one, nor by another kid under
// which the directory also publishes it, whether its set still has the key or the gate still remembers the set that had it.
// What the gate knows of revocations is a second old at most.
func revokedKeys(t *testing.T, w *harness.World) {
	const otherKID = "the same key"
	clients := map[string]*tpp{"still in the active set": enrol(t, w, harness.Order{}), "cached": enrol(t, w, harness.Order{})}
	store := &keystore{sets: map[string]string{}}
	active, signing := map[string][]any{}, map[string]map[string]any{}
	claim := func(p *tpp, name string) string { text, _ := p.ssa(t).Claims[name].(string); return text }
	for state, p := range clients {
		for _, key := range published(t, w, claim(p, "software_jwks_endpoint")) {
			active[state] = append(active[state], key)
			if key["kid"] == p.SigningKeyID {
				signing[state] = key
				again := map[string]any{"kid": otherKID}
				for name, value := range key {
					if name != "kid" {
						again[name] = value
					}
				}
				active[state] = append(active[state], again)
			}
		}
		store.put(t, claim(p, "software_jwks_endpoint"), active[state]...)
	}
	keys := published(t, w, w.File.Directory.JWKS)
	statementKeys := make([]any, len(keys))
	for i, key := range keys {
		statementKeys[i] = key
	}
	store.put(t, w.File.Directory.JWKS, statementKeys...)
	release := w.Impersonate(t, harness.Directory, store)
	for state, p := range clients {
		t.Run(state, func(t *testing.T) {
			revokedKey(t, store, p, otherKID, active[state], signing[state], state == "cached")
		})
	}
	release()
	if err := w.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func revokedKey(t *testing.T, store *keystore, p *tpp, otherKID string, active []any, signing map[string]any, cached bool) {
	c := p.register(t, nil)
	kids := map[string]func(*harness.JWT){
		"kid": func(*harness.JWT) {}, "none": func(j *harness.JWT) { delete(j.Header, "kid") }, "another kid": func(j *harness.JWT) { j.Header["kid"] = otherKID },
	}
	token := func(change func(*harness.JWT)) *harness.Answer {
		assertion := c.Assertion(c.id)
		change(assertion)
		return c.ask(t, c.World.File.Token, c.form(url.Values{"client_assertion": {assertion.Compact()}}))
	}
	for kid, change := range kids {
		if answer := token(change); answer.Status != http.StatusOK {
			t.Fatalf("before the key is revoked, %s: %s", kid, answer)
		}
	}
	ssa := p.ssa(t).Claims
	at, _ := ssa["software_jwks_revoked_endpoint"].(string)
	if cached {
		own, _ := ssa["software_jwks_endpoint"].(string)
		var left []any
		for _, key := range active {
			if of, _ := key.(map[string]any); of["n"] != signing["n"] || of["x"] != signing["x"] {
				left = append(left, key)
			}
		}
		store.put(t, own, left...)
	}
	store.put(t, at, signing)
	begun := time.Now()
	eventually(t, 10*time.Second, "the revoked key is refused", func() bool { return token(kids["none"]).Status != http.StatusOK })
	t.Logf("refused after %s", time.Since(begun).Round(time.Millisecond))
	for kid, change := range kids {
		t.Run(kid, func(t *testing.T) {
			badClient("clientauth.client").check(t, token(change))
			request := p.Request()
			change(request)
			wanted := unapproved("keys.revoked")
			if kid == "none" { // a request must have one
				wanted = metadata("request.jws.kid")
			}
			wanted.check(t, p.post(t, request))
		})
	}
}
