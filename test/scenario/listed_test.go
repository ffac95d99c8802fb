package scenario

import (
	"crypto/tls"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// publish has the directory list a certificate for the software.
func publish(t *testing.T, p *tpp, certificate tls.Certificate) {
	t.Helper()
	if err := p.Publish(t.Context(), certificate); err != nil {
		t.Fatal(err)
	}
}

// listing saves certificates_listed in the world's directory file, and waits until it is active.
func listing(t *testing.T, w *harness.World, value string) {
	t.Helper()
	path := w.Path("directory.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kept, _, _ := strings.Cut(string(text), "certificates_listed:")
	if err := os.WriteFile(path+".new", []byte(strings.TrimSpace(kept)+"\ncertificates_listed: "+value+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if err := w.AwaitInForce(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// calls are made with a token: to the management API, and to the bank's.
func (c *client) calls(t *testing.T, token string, want want) {
	t.Helper()
	for _, url := range []string{c.url, c.World.File.APIs[0].URL} {
		answer := c.do(t, call{method: "GET", url: url, header: bearer(token)})
		if want.rule == "" && answer.Status != http.StatusOK {
			t.Errorf("%s: %s, want 200", url, answer)
		} else if want.rule != "" {
			want.check(t, answer)
		}
	}
}

// A certificate of the right CA and the right names, which somebody else has or the software has lost: what the directory
// lists decides, as its file wants it, on every call and as soon as the file is saved.
func TestCertificatesAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ca, err := w.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	good := want{}
	c := enrol(t, w, harness.Order{}).register(t, nil)
	own := c.token(t)
	double := harness.Issue(t, &ca, harness.TransportTemplate(harness.LegacySubject(c.OrgID, c.SoftwareID)))
	twin := *c.Software
	twin.Transport = double
	foreign := &client{tpp: &tpp{Software: &twin, protocol: c.protocol, registration: c.registration}, id: c.id, url: c.url}

	listing(t, w, "off")
	token := foreign.token(t)
	foreign.calls(t, token, good)
	for _, value := range []string{"required", "when_known"} {
		listing(t, w, value)
		foreign.calls(t, token, deadToken)
		badClient("clientauth.client").check(t, foreign.ask(t, w.File.Token, foreign.form(nil)))
		badClient("clientauth.client").check(t, foreign.ask(t, w.File.Revocation, foreign.form(with("token", token))))
		unfit("statement.certificate").check(t, foreign.post(t, foreign.Request()))
		deadToken.check(t, foreign.put(t, token, foreign.Request()))
		c.calls(t, own, good)
		c.token(t)
	}
	listing(t, w, "off")
	foreign.calls(t, token, good)

	// A certificate that is listed before it is used is good at once, although the set was fetched before.
	listing(t, w, "required")
	c.calls(t, own, good)
	renewed := harness.Issue(t, &ca, harness.TransportTemplate(harness.LegacySubject(c.OrgID, c.SoftwareID)))
	time.Sleep(time.Second) // a set that was fetched within the last second is believed
	publish(t, c.tpp, renewed)
	foreign.Transport = renewed
	foreign.calls(t, foreign.token(t), good)
}

// What the directory revokes ends the tokens that were got with it, before they end by themselves.
func TestRevokedCertificateEndsTokens(t *testing.T) {
	for name, revoke := range map[string]func(c *client) error{
		"the key":         func(c *client) error { return c.RevokeKey(t.Context(), c.TransportKeyID) },
		"the certificate": func(c *client) error { return c.World.RevokeCertificate(t.Context(), c.TransportSerial) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			token := c.token(t)
			c.calls(t, token, want{})
			if err := revoke(c); err != nil {
				t.Fatal(err)
			}
			eventually(t, 5*time.Second, "a call with a revoked certificate is refused", func() bool {
				return c.accounts(t, token).Status == http.StatusUnauthorized
			})
			c.calls(t, token, deadToken)
		})
	}
}

// While the directory is down, what is known of a client's certificate holds. Of others, or after a restart, nothing is
// known: who cannot know does not allow.
func TestCallsWhileTheDirectoryIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := enrol(t, w, harness.Order{}).register(t, nil)
	token := c.token(t)
	c.calls(t, token, want{})
	if err := w.Kill(harness.Directory); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first finds that it is down, the last knows
		time.Sleep(time.Second)
		c.calls(t, token, want{})
	}
	listing(t, w, "required") // a change of the file takes another way out, which remembers nothing
	c.calls(t, token, want{http.StatusServiceUnavailable, "temporarily_unavailable", "keys.unavailable"})
}
