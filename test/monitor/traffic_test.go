package monitor

import (
	"crypto/tls"
	"crypto/x509/pkix"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// traffic is what TPPs do in a world, right and wrong. What a world answers is for other tests: here it only has to answer.
type traffic struct {
	t       *testing.T
	world   *harness.World
	members []*harness.Registered // with clients
	odd     *http.Client          // with a certificate of the trusted CA that names no software product
	bad     *harness.Registered   // whose registrations are wrong
	spare   *harness.Registered   // that comes and goes
	doors   []string              // of the gateways, as URLs without a path
	number  int
}

func newTraffic(t *testing.T, w *harness.World) *traffic {
	t.Helper()
	f := &traffic{t: t, world: w, bad: w.Stranger(t, harness.Order{}), spare: w.Register(t, harness.Order{})}
	for i := range w.File.Fleet {
		f.doors = append(f.doors, w.At(i+1).MTLS())
	}
	ca, err := w.IssuingCA()
	if err != nil {
		t.Fatal(err)
	}
	certificate := harness.Issue(t, &ca, harness.TransportTemplate(pkix.Name{CommonName: "nobody", Country: []string{"GB"}}))
	f.odd = w.Client(&certificate, harness.HTTP2)
	for range 3 {
		f.members = append(f.members, w.Register(t, harness.Order{}))
	}
	for _, profile := range []string{"cdr-au", "obie-3.1"} {
		f.members = append(f.members, w.Register(t, harness.Order{Profile: profile}))
	}
	return f
}

// kinds are the requests, and how often each is made: one of so many rounds.
var kinds = []struct {
	every int
	send  func(*traffic, *harness.Registered)
}{
	{1, func(f *traffic, r *harness.Registered) { f.call(r, r.API().URL) }},
	{2, func(f *traffic, _ *harness.Registered) { f.call(f.members[0], f.world.File.APIs[3].URL) }},
	{7, func(f *traffic, r *harness.Registered) { f.renew(r) }},
	{9, func(f *traffic, r *harness.Registered) { f.try(r, http.MethodGet, r.API().URL, "", "", false) }},
	{11, func(f *traffic, _ *harness.Registered) {
		f.call(&stolen(f.members[0], f.members[1]).Registered, f.members[0].API().URL)
	}},
	{13, func(f *traffic, _ *harness.Registered) {
		f.try(f.members[0], http.MethodPost, f.world.File.APIs[4].URL, "application/json", "{}", true)
	}},
	{17, func(f *traffic, r *harness.Registered) { f.call(r, r.ClientURL(r.ID)) }},
	{12, (*traffic).wrongRedirect},
	{23, (*traffic).newcomer},
	{29, func(f *traffic, r *harness.Registered) { f.call(r, f.world.MTLS()+"/nothing") }},
	{31, (*traffic).wrongAssertion},
	{37, (*traffic).introspect},
	{41, (*traffic).update},
	{43, (*traffic).badHandshake},
	{47, (*traffic).wrongScope},
	{53, (*traffic).dryRun},
	{59, (*traffic).revoked},
	{61, (*traffic).replay},
	{67, (*traffic).tampered},
	{71, (*traffic).leave},
	{73, (*traffic).strangersCertificate},
	{5, func(f *traffic, r *harness.Registered) {
		f.try(r, http.MethodGet, f.world.File.Discovery, "", "", false)
	}},
}

// round makes the next requests.
func (f *traffic) round() {
	f.number++
	for _, kind := range kinds {
		if f.number%kind.every == 0 {
			kind.send(f, f.members[f.number%len(f.members)])
		}
	}
}

// pause is the time between rounds: of a day with busy and quiet hours that lasts a few minutes.
func (f *traffic) pause(since time.Duration) time.Duration {
	return time.Duration(30*(1.5+math.Sin(since.Minutes()*2))) * time.Millisecond
}

func (f *traffic) try(r *harness.Registered, method, target, contentType, body string, token bool) *harness.Answer {
	target = strings.Replace(target, f.doors[0], f.doors[f.number%len(f.doors)], 1)
	answer, err := r.Try(f.t, method, target, contentType, body, token)
	if err != nil {
		return nil
	}
	return answer
}

func (f *traffic) call(r *harness.Registered, target string) {
	f.try(r, http.MethodGet, target, "", "", true)
}

func (f *traffic) form(r *harness.Registered, target string, form url.Values) *harness.Answer {
	form.Set("client_assertion_type", dcrclient.AssertionType)
	form.Set("client_assertion", r.Assertion(r.ID).Compact())
	return f.try(r, http.MethodPost, target, dcrclient.FormType, form.Encode(), false)
}

func (f *traffic) renew(r *harness.Registered) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if scope := r.TokenScope(); scope != "" {
		form.Set("scope", scope)
	}
	if answer := f.form(r, f.world.File.Token, form); answer != nil && answer.Status == http.StatusOK {
		r.Token = answer.Text("access_token")
		harness.Remember(r.Token)
	}
}

// apply sends a registration request.
func (f *traffic) apply(r *harness.Registered, request *harness.JWT) {
	contentType, body := r.Sent(request)
	if answer := f.try(r, http.MethodPost, r.RegistrationURL(), contentType, body, false); answer != nil && answer.Status == http.StatusCreated {
		r.ID = answer.Text("client_id")
	}
}

type thief struct{ harness.Registered }

// stolen is a TPP with another's token.
func stolen(of, by *harness.Registered) *thief {
	t := &thief{*by}
	t.Token = of.Token
	return t
}

// newcomer is a TPP that makes a mistake before it succeeds.
func (f *traffic) newcomer(*harness.Registered) {
	profiles := []string{"obie-3.3", "obie-3.3", "obie-3.1", "cdr-au"}
	software, err := f.world.Enrol(f.t.Context(), harness.Order{Profile: profiles[f.number%len(profiles)]})
	if err != nil {
		return // the directory is down
	}
	r := &harness.Registered{Software: software, HTTP: f.world.Client(&software.Transport, harness.HTTP2)}
	request := r.Request()
	delete(request.Claims, "redirect_uris")
	f.apply(r, request)
	f.apply(r, r.Request())
	if r.ID != "" {
		f.renew(r)
	}
}

func (f *traffic) wrongRedirect(*harness.Registered) {
	request := f.bad.Request()
	request.Claims["redirect_uris"] = []string{"https://elsewhere.example/"}
	f.apply(f.bad, request)
}

func (f *traffic) wrongScope(*harness.Registered) {
	request := f.bad.Request()
	request.Claims["scope"] = "everything"
	f.apply(f.bad, request)
}

func (f *traffic) replay(*harness.Registered) {
	request := f.bad.Request()
	request.Claims["exp"] = time.Now().Add(-time.Hour).Unix()
	f.apply(f.bad, request)
	if same := f.spare.Request(); f.spare.ID != "" {
		f.apply(f.spare, same)
		f.apply(f.spare, same)
	}
}

func (f *traffic) tampered(*harness.Registered) {
	request := f.bad.Request()
	statement := f.bad.StatementText
	request.Claims["software_statement"] = statement[:len(statement)-8] + strings.Repeat("A", 8)
	f.apply(f.bad, request)
}

func (f *traffic) dryRun(*harness.Registered) {
	contentType, body := f.bad.Sent(f.bad.Request())
	request, err := harness.NewRequest(f.t.Context(), http.MethodPost, f.bad.RegistrationURL(), contentType, body)
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header.Set("Prefer", "dry-run")
	_, _ = harness.Do(f.bad.HTTP, request)
}

func (f *traffic) update(*harness.Registered) {
	r := f.members[0]
	contentType, body := r.Sent(r.Request())
	f.try(r, http.MethodPut, r.ClientURL(r.ID), contentType, body, true)
}

// leave deletes a client, and registers it again.
func (f *traffic) leave(*harness.Registered) {
	f.renew(f.spare)
	f.try(f.spare, http.MethodDelete, f.spare.ClientURL(f.spare.ID), "", "", true)
	f.apply(f.spare, f.spare.Request())
	f.renew(f.spare)
}

func (f *traffic) wrongAssertion(r *harness.Registered) {
	assertion := r.Assertion(r.ID)
	assertion.Claims["aud"] = "https://elsewhere.example"
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {dcrclient.AssertionType}, "client_assertion": {assertion.Compact()}}
	f.try(r, http.MethodPost, f.world.File.Token, dcrclient.FormType, form.Encode(), false)
}

func (f *traffic) introspect(*harness.Registered) {
	r := f.members[0]
	f.form(r, f.world.File.Introspection, url.Values{"token": {r.Token}})
}

// revoked uses a token after its revocation.
func (f *traffic) revoked(*harness.Registered) {
	r := f.members[2]
	f.form(r, f.world.File.Revocation, url.Values{"token": {r.Token}})
	f.call(r, r.API().URL)
	f.renew(r)
}

// badHandshake speaks a TLS that is too old, and sends no certificate.
func (f *traffic) badHandshake(*harness.Registered) {
	address := strings.TrimPrefix(f.world.MTLS(), "https://")
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	old := f.world.TLS(nil)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for _, settings := range []*tls.Config{old, f.world.TLS(nil)} {
		if connection, err := tls.DialWithDialer(dialer, "tcp", address, settings); err == nil {
			_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
			_, _ = connection.Read(make([]byte, 1)) // the alert comes after the handshake
			_ = connection.Close()
		}
	}
}

// strangersCertificate has a transport certificate of a software product that the statement is not about.
func (f *traffic) strangersCertificate(*harness.Registered) {
	r := *f.bad
	r.HTTP = f.members[0].HTTP
	f.apply(&r, r.Request())
	r.HTTP = f.odd
	f.apply(&r, r.Request())
}
