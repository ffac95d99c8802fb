//go:build chart

package chart

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// The load that a scenario runs under, each second.
const (
	callRate     = 300
	registerRate = 5
	renewRate    = 2
	forbidRate   = 10
)

const (
	clients     = 24  // that call
	oneInIsNew  = 10  // of so many calls one makes a new connection
	maxInFlight = 512 // requests; above, the load generator cannot keep up and says so
)

// Kinds of requests, as the report names them.
const (
	keptCall  = "call, kept connection"
	newCall   = "call, new connection"
	register  = "register"
	renewal   = "get a token"
	forbidden = "forbidden"
)

// load is TPPs that use the bank all the time, and check every answer.
type load struct {
	world  *outside
	pool   []*tpp
	wrong  []attempt
	cancel context.CancelFunc
	ended  sync.WaitGroup
	flying atomic.Int64

	mu       sync.Mutex
	counts   map[string]map[string]int // by kind and outcome
	first    map[string]time.Time      // when an outcome was first seen
	slowest  map[string]time.Duration  // by kind
	faults   []string                  // wrong allows, and answers that were another's
	accepted []*tpp                    // registrations that the bank has acknowledged
}

// attempt is a request that must never be allowed.
type attempt struct {
	what string
	send func(context.Context) (*dcrclient.Answer, error)
}

// newLoad makes the clients that a load is made of.
func (o *outside) newLoad(tb testing.TB) *load {
	tb.Helper()
	l := &load{world: o}
	for i := range clients {
		how := keptHTTP1
		if i%2 == 0 {
			how = keptHTTP2
		}
		l.pool = append(l.pool, o.join(tb, how))
	}
	l.wrong = o.attempts(tb, l.pool[0])
	return l
}

// attempts are all that must be refused whatever happens to the gateway.
func (o *outside) attempts(tb testing.TB, honest *tpp) []attempt {
	tb.Helper()
	ctx := tb.Context()
	revoked, deleted, thief := o.join(tb, keptHTTP2), o.join(tb, keptHTTP2), o.join(tb, keptHTTP2)
	want(tb, "revoke", http.StatusOK)(revoked.revoke(ctx))
	want(tb, "delete", http.StatusNoContent)(deleted.remove(ctx))
	stranger, err := strange()
	if err != nil {
		tb.Fatal(err)
	}
	call := func(through *http.Client, by *tpp) func(context.Context) (*dcrclient.Answer, error) {
		return func(ctx context.Context) (*dcrclient.Answer, error) { return by.get(ctx, through, echoURL) }
	}
	return []attempt{
		{"a revoked token", call(revoked.fresh, revoked)},
		{"the token of a deleted client", call(deleted.fresh, deleted)},
		{"the token of another client", call(thief.fresh, honest)},
		{"a stranger's certificate", call(o.client(stranger, newHTTP1), honest)},
		{"no certificate", call(o.client(nil, newHTTP1), honest)},
		{"the registration of another client", func(ctx context.Context) (*dcrclient.Answer, error) {
			id, _ := honest.client()
			return thief.get(ctx, thief.kept, dcrclient.ClientURL(registerURL, id))
		}},
		{"the statement of another", func(ctx context.Context) (*dcrclient.Answer, error) {
			copied := *honest.Software
			copied.Transport = thief.Transport
			return (&tpp{Software: &copied, kept: thief.kept}).register(ctx)
		}},
	}
}

// strange is a certificate that looks like a TPP's, of a CA that nobody knows.
func strange() (*keyPair, error) {
	key, err := pki.EC()
	if err != nil {
		return nil, err
	}
	unknown, err := pki.NewRoot(pkix.Name{CommonName: "OpenBanking Issuing CA"}, key)
	if err != nil {
		return nil, err
	}
	made, err := unknown.Issue(pki.Transport("0015800001041REAAY", "3MjTY4SGCn6qM6ODOQmdbl"), key.Public())
	if err != nil {
		return nil, err
	}
	return &keyPair{Certificate: [][]byte{made.Raw}, PrivateKey: key}, nil
}

// start begins to send. stop ends it.
func (l *load) start(tb testing.TB) {
	ctx, cancel := context.WithCancel(tb.Context())
	l.cancel = cancel
	l.counts, l.first, l.slowest = map[string]map[string]int{}, map[string]time.Time{}, map[string]time.Duration{}
	l.faults, l.accepted = nil, nil
	l.each(ctx, callRate, func(n int) {
		p := l.pool[n%len(l.pool)]
		if n/len(l.pool)%oneInIsNew == 0 {
			l.call(newCall, p, p.fresh)
		} else {
			l.call(keptCall, p, p.kept)
		}
	})
	l.each(ctx, registerRate, func(int) { l.register() })
	l.each(ctx, renewRate, func(n int) {
		p := l.pool[n%len(l.pool)]
		began := time.Now()
		answer, err := p.renew(context.Background())
		l.count(renewal, began, answer, err)
	})
	l.each(ctx, forbidRate, func(n int) { l.forbid(l.wrong[n%len(l.wrong)]) })
}

// each calls do so many times a second, each time in a goroutine of its own: a slow answer does not slow the others.
func (l *load) each(ctx context.Context, rate int, do func(n int)) {
	l.ended.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if l.flying.Load() >= maxInFlight {
				l.note("load generator", "not sent: too many in flight", 0)
				continue
			}
			l.flying.Add(1)
			l.ended.Go(func() {
				defer l.flying.Add(-1)
				do(n)
			})
		}
	})
}

func (l *load) call(kind string, p *tpp, through *http.Client) {
	began := time.Now()
	answer, err := p.get(context.Background(), through, echoURL)
	l.count(kind, began, answer, err)
	if err != nil || answer.Status != http.StatusOK {
		return
	}
	id, _ := p.client()
	if by, err := seen(answer); err != nil || by != id {
		l.fault("%s: the bank was called by %q (%v), and the client was %q", kind, by, err, id)
	}
}

func (l *load) register() {
	p, err := l.world.enrol(context.Background(), keptHTTP1)
	if err != nil {
		l.note("load generator", "no software product: "+problem(err), 0)
		return
	}
	began := time.Now()
	answer, err := p.register(context.Background())
	l.count(register, began, answer, err)
	p.kept.CloseIdleConnections()
	if err != nil || answer.Status != http.StatusCreated {
		return
	}
	if answer.Text("software_id") != p.softwareID {
		l.fault("a registration of %s was answered with that of %s", p.softwareID, answer.Text("software_id"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accepted = append(l.accepted, p)
}

func (l *load) forbid(a attempt) {
	began := time.Now()
	answer, err := a.send(context.Background())
	l.count(forbidden, began, answer, err)
	if err == nil && answer.OK() {
		l.fault("WRONG ALLOW: %s was answered %s", a.what, answer.StatusText())
	}
}

func (l *load) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// count counts an answer: its status, and the rule of a refusal.
func (l *load) count(kind string, began time.Time, answer *dcrclient.Answer, err error) {
	switch {
	case err != nil:
		l.note(kind, problem(err), time.Since(began))
	case answer.OK():
		l.note(kind, fmt.Sprint(answer.Status), time.Since(began))
	default:
		l.note(kind, strings.TrimSpace(fmt.Sprint(answer.Status, " ", answer.Refusal().Rule())), time.Since(began))
	}
}

func (l *load) note(kind, outcome string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts[kind] == nil {
		l.counts[kind] = map[string]int{}
	}
	l.counts[kind][outcome]++
	l.slowest[kind] = max(l.slowest[kind], took)
	if at := kind + ": " + outcome; l.first[at].IsZero() {
		l.first[at] = time.Now()
	}
}

// problem says in a word or two why there was no answer.
func problem(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case strings.Contains(err.Error(), "tls: "):
		_, after, _ := strings.Cut(err.Error(), "tls: ")
		return "TLS: " + after
	}
	return err.Error()
}

// stop ends the load and waits for the last answers.
func (l *load) stop() {
	l.cancel()
	l.ended.Wait()
}

// report is a table of all answers.
func (l *load) report() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(l.counts)) {
		fmt.Fprintf(&out, "  %-24s", kind)
		for _, outcome := range slices.Sorted(maps.Keys(l.counts[kind])) {
			fmt.Fprintf(&out, " %s: %d;", outcome, l.counts[kind][outcome])
		}
		fmt.Fprintf(&out, " slowest %s\n", l.slowest[kind].Round(time.Millisecond))
	}
	return out.String()
}

// check judges a load that has ended. allowed are the outcomes beside success that the operations pages announce for what
// was done meanwhile, by their beginnings.
func (l *load) check(tb testing.TB, allowed ...string) {
	tb.Helper()
	for _, fault := range l.faults {
		tb.Error(fault)
	}
	for _, kind := range []string{keptCall, newCall, register, renewal} {
		good := 0
		for outcome, count := range l.counts[kind] {
			if strings.HasPrefix(outcome, "2") {
				good += count
			} else if !slices.ContainsFunc(allowed, func(a string) bool { return strings.HasPrefix(outcome, a) }) {
				tb.Errorf("%s: %d times %s", kind, count, outcome)
			}
		}
		if good == 0 {
			tb.Errorf("%s: none succeeded", kind)
		}
	}
	for outcome, count := range l.counts["load generator"] {
		tb.Errorf("load generator: %d times %s", count, outcome)
	}
	l.present(tb)
}

// present checks that every registration that the bank has acknowledged is there, as its owner sees it.
func (l *load) present(tb testing.TB) {
	tb.Helper()
	var lost atomic.Int64
	var asked sync.WaitGroup
	slots := make(chan struct{}, 16)
	for _, p := range l.accepted {
		slots <- struct{}{}
		asked.Go(func() {
			defer func() { <-slots; p.kept.CloseIdleConnections() }()
			answer, err := p.reread()
			// 503 says nothing about the registration.
			for begun := time.Now(); err == nil && answer.Status == http.StatusServiceUnavailable && time.Since(begun) < 15*time.Second; time.Sleep(time.Second) {
				answer, err = p.reread()
			}
			if id, _ := p.client(); err != nil || answer.Status != http.StatusOK || answer.Text("client_id") != id {
				lost.Add(1)
				tb.Errorf("client %s was acknowledged and is not there: %v %v", id, answer, err)
			}
		})
	}
	asked.Wait()
	tb.Logf("  %d registrations were acknowledged, %d are lost", len(l.accepted), lost.Load())
}

// during runs something under load and judges what the clients saw.
func (l *load) during(t *testing.T, do func(), allowed ...string) {
	t.Helper()
	l.start(t)
	defer func() {
		l.stop()
		took := time.Since(l.began())
		t.Logf("answers within %s:\n%s", took.Round(100*time.Millisecond), l.report())
		l.check(t, allowed...)
	}()
	l.await(t, 2*callRate)
	do()
	l.await(t, 2*callRate)
}

// began is when the first answer came.
func (l *load) began() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.MinFunc(slices.Collect(maps.Values(l.first)), time.Time.Compare)
}

// await waits for some more good answers to calls.
func (l *load) await(t *testing.T, more int) {
	t.Helper()
	good := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.counts[keptCall]["200"] + l.counts[newCall]["200"]
	}
	target := good() + more
	eventually(t, "the calls succeed", func() error {
		if now := good(); now < target {
			return fmt.Errorf("%d of %d good answers", now, target)
		}
		return nil
	})
}
