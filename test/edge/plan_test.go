package edge

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/bank"
	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

const (
	perSecond = 10
	refill    = time.Second / perSecond // a bucket gets one back in this time
)

// withPlans adds two rate plans, and gives each of them a route of the bank.
func withPlans(t *testing.T) {
	t.Helper()
	change(t, func(text string) string {
		text = strings.Replace(text, "plans:\n", "plans:\n  clients: {per_client: 10/s}\n  sources: {per_source: 10/s}\n", 1)
		text = strings.Replace(text, "  - name: accounts\n", "  - name: accounts\n    plan: clients\n", 1)
		return strings.Replace(text, "{name: account, ", "{name: account, plan: sources, ", 1)
	})
	for route, plan := range map[string]string{"accounts": "clients", "account": "sources"} {
		if have := readRoutes(t).Route(route).Plan; have != plan {
			t.Fatalf("route %s has the plan %q", route, have)
		}
	}
}

// TestPlanPerClient is a plan of ten a second: an eleventh is refused, another client's is not, and once the time has
// passed that the refusal names there is another one.
func TestPlanPerClient(t *testing.T) {
	withPlans(t)
	client, other := register(t), register(t)
	get := func(r *harness.Registered) *harness.Answer { return r.Get(t, world.MTLS()+bank.AccountsPath) }
	get(other) // both have their connections
	client.Get(t, world.MTLS()+"/none")

	refused := burst(t, func() *harness.Answer { return get(client) }, http.StatusOK)
	checkLimited(t, refused)
	if answer := get(other); answer.Status != http.StatusOK {
		t.Errorf("another client: %s", answer)
	}
	seconds, _ := strconv.Atoi(refused.Header.Get("Retry-After"))
	time.Sleep(time.Duration(seconds) * time.Second)
	if answer := get(client); answer.Status != http.StatusOK {
		t.Errorf("after %d s: %s", seconds, answer)
	}
}

// TestPlanPerSource is a plan of ten a second for an address: an eleventh is refused before anybody looks at it, and that
// of another address is not.
func TestPlanPerSource(t *testing.T) {
	withPlans(t)
	client := register(t)
	account := world.MTLS() + bank.AccountsPath + "/" + bank.SampleAccount
	get := func() *harness.Answer { // without a token, which is looked at later
		return client.Send(t, http.MethodGet, account, "", "", false)
	}
	client.Get(t, world.MTLS()+"/none")
	before := decisions(t)
	refused := burst(t, get, http.StatusUnauthorized)
	checkLimited(t, refused)
	if after := decisions(t); after-before > 2*perSecond {
		t.Errorf("the gate was asked %d times", after-before)
	}
	elsewhere := &harness.Registered{Software: client.Software, Token: client.Token, HTTP: from(client, "127.0.0.9")}
	for range perSecond {
		if answer := elsewhere.Get(t, account); answer.Status != http.StatusOK {
			t.Errorf("another source: %s", answer)
		}
	}
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) { // until there is room in the bucket again
		answer := get()
		if answer.Status == http.StatusUnauthorized {
			break
		}
		if time.Since(begun) > 30*time.Second {
			t.Fatalf("later: %s", answer)
		}
	}
}

// from is a client with an address of its own: all of 127.0.0.0/8 are this machine's.
func from(client *harness.Registered, address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: world.TLS(&client.Transport), ForceAttemptHTTP2: true,
		DialContext: dialer.DialContext,
	}}
}

// burst sends eleven requests at once, and returns the answer of the one that is refused. Where they took so long that
// there was room for an eleventh, it tries again.
func burst(t *testing.T, get func() *harness.Answer, good int) *harness.Answer {
	t.Helper()
	for range 10 {
		var refused *harness.Answer
		passed, took := 0, time.Duration(0)
		for answer := range atOnce(perSecond+1, get, &took) {
			switch answer.Status {
			case good:
				passed++
			case http.StatusTooManyRequests:
				refused = answer
			default:
				t.Fatalf("have %s", answer)
			}
		}
		if passed < perSecond {
			t.Fatalf("%d of %d requests pass, where %d may", passed, perSecond+1, perSecond)
		}
		if refused != nil {
			return refused
		}
		if took < refill {
			t.Fatalf("%d requests pass in %v, where %d may", passed, took, perSecond)
		}
		time.Sleep(time.Second + refill) // until the bucket is full
	}
	t.Fatal("eleven requests take so long that no plan limits them")
	return nil
}

// atOnce sends requests together, and says how long it took from the first of them to the last answer.
func atOnce(number int, get func() *harness.Answer, took *time.Duration) <-chan *harness.Answer {
	answers := make(chan *harness.Answer, number)
	var senders sync.WaitGroup
	begun := time.Now()
	for range number {
		senders.Go(func() { answers <- get() })
	}
	senders.Wait()
	*took = time.Since(begun)
	close(answers)
	return answers
}

// checkLimited checks that a refusal says when to retry, in the form of all refusals.
func checkLimited(t *testing.T, a *harness.Answer) {
	t.Helper()
	if seconds, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || seconds != 1 {
		t.Errorf("Retry-After is %q, want 1: the next one is there in %v", a.Header.Get("Retry-After"), refill)
	}
	if body := a.JSON(t); len(body) != 2 || body["error"] != "too_many_requests" || body["error_description"] == "" {
		t.Errorf("the body is %s", a.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff",
	} {
		if have := a.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	if len(a.Header.Get("X-Fapi-Interaction-Id")) != 36 {
		t.Errorf("the interaction id is %q", a.Header.Get("X-Fapi-Interaction-Id"))
	}
	for name := range a.Header {
		if strings.HasPrefix(name, "X-Envoy-") || strings.HasPrefix(name, "X-Ratelimit-") || name == "Server" {
			t.Errorf("the client receives an internal header: %s", name)
		}
	}
}

// decisions is how many decisions the gate has logged.
func decisions(t *testing.T) int {
	t.Helper()
	log, err := os.ReadFile(world.Path(world.File.Logs.Gate))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(log, []byte(`"msg":"decision"`))
}
