package operations

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// The pace of TPPs. It is slow, so that a busy machine shows what an operation does and not how busy it is.
const (
	callEvery     = 25 * time.Millisecond
	registerEvery = 500 * time.Millisecond
)

// Traffic is what TPPs do all the time: calls over connections that last and over new ones, with a token that is valid and
// with one that is not, new tokens, and lives of clients from registration to deletion.
type traffic struct {
	h      *host
	caller *harness.Registered
	away   atomic.Bool // a load balancer sends nothing here
	stop   context.CancelFunc
	all    sync.WaitGroup

	mu        sync.Mutex
	done      map[string]int
	failures  []failure
	announced []announcement
}

// A failure is an answer that no TPP should see.
type failure struct {
	at   time.Time
	what string // the request
	says string // the answer
}

// traffic starts it. The page's commands may not be what ends it: judge does.
func (h *host) traffic() *traffic {
	h.tb.Helper()
	ctx, stop := context.WithCancel(h.tb.Context())
	t := &traffic{h: h, stop: stop, done: map[string]int{}}
	h.tb.Cleanup(func() { stop(); t.all.Wait() })
	t.caller = h.world.Register(h.tb, harness.Order{})
	caller := *t.caller
	t.all.Go(func() { t.calls(ctx, &caller) })
	t.all.Go(func() { t.lives(ctx) })
	return t
}

// quiet is a testing.TB whose fatal errors end only the goroutine that meets them, as a failure of the traffic.
type quiet struct {
	testing.TB
	ctx   context.Context
	fatal string
}

func (q *quiet) Context() context.Context { return q.ctx }
func (q *quiet) Helper()                  {}
func (q *quiet) Fatalf(format string, arguments ...any) {
	q.fatal = fmt.Sprintf(format, arguments...)
	panic(q)
}
func (q *quiet) Fatal(arguments ...any) {
	q.fatal = fmt.Sprint(arguments...)
	panic(q)
}

// attempt runs what the harness does for a TPP, and returns why it failed, if it did.
func attempt(ctx context.Context, tb testing.TB, do func(tb testing.TB)) (why string) {
	q := &quiet{TB: tb, ctx: ctx}
	defer func() {
		if r := recover(); r != nil && r != q {
			panic(r)
		}
		why = q.fatal
	}()
	do(q)
	return q.fatal
}

// balanced is traffic through a load balancer, which asks the host for its health and sends nothing while that is bad.
func (h *host) balanced() *traffic {
	h.tb.Helper()
	t := h.traffic()
	ctx, stop := context.WithCancel(h.tb.Context())
	asked := make(chan struct{})
	h.tb.Cleanup(func() { stop(); <-asked })
	go func() {
		defer close(asked)
		client := h.world.Client(nil, harness.HTTP2)
		for ctx.Err() == nil {
			request, err := harness.NewRequest(ctx, http.MethodGet, h.world.File.Issuer+"/healthz", "", "")
			if err != nil {
				return
			}
			answer, err := harness.Do(client, request)
			t.away.Store(err != nil || answer.Status != http.StatusOK)
			select {
			case <-ctx.Done():
			case <-time.After(balancerAsks):
			}
		}
	}()
	return t
}

// balancerAsks is how often a load balancer asks for the health of a host: less often than an Envoy that is drained waits for
// another request.
const balancerAsks = 1500 * time.Millisecond

func (t *traffic) calls(ctx context.Context, caller *harness.Registered) {
	tick := time.NewTicker(callEvery)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t.away.Load() {
			continue
		}
		if i%10 == 9 {
			caller.HTTP.CloseIdleConnections()
		}
		if i%20 == 0 {
			t.note(ctx, "token", attempt(ctx, t.h.tb, func(tb testing.TB) { caller.Renew(tb) }))
		}
		t.call(ctx, caller, i%5 == 4)
	}
}

// call calls an API, or tries to with a token that has been changed.
func (t *traffic) call(ctx context.Context, caller *harness.Registered, forged bool) {
	r, want, what := *caller, http.StatusOK, "call"
	if forged {
		r.Token, want, what = r.Token[:len(r.Token)-8]+"AAAAAAAA", http.StatusUnauthorized, "call with a forged token"
	}
	t.note(ctx, what, attempt(ctx, t.h.tb, func(tb testing.TB) {
		if answer := r.Get(tb, r.API().URL); answer.Status != want {
			tb.Fatalf("%s", answer)
		}
	}))
}

// lives registers, reads and deletes a client again and again. After a failure it does so for another software product,
// since it cannot know how far it came.
func (t *traffic) lives(ctx context.Context) {
	r := t.h.world.Stranger(t.h.tb, harness.Order{})
	tick := time.NewTicker(registerEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if t.away.Load() {
			continue
		}
		why := attempt(ctx, t.h.tb, func(tb testing.TB) {
			r.Join(tb, r.Request())
			if answer := r.Get(tb, r.ClientURL(r.ID)); answer.Status != http.StatusOK {
				tb.Fatalf("read: %s", answer)
			}
			if answer := r.Send(tb, http.MethodDelete, r.ClientURL(r.ID), "", "", true); answer.Status != http.StatusNoContent {
				tb.Fatalf("delete: %s", answer)
			}
			if answer := r.Get(tb, r.ClientURL(r.ID)); answer.Status != http.StatusUnauthorized {
				tb.Fatalf("read what is deleted: %s", answer)
			}
		})
		t.note(ctx, "life of a client", why)
		if why != "" && ctx.Err() == nil {
			r = t.h.world.Stranger(t.h.tb, harness.Order{})
		}
	}
}

func (t *traffic) note(ctx context.Context, what, why string) {
	if ctx.Err() != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done[what]++
	if why != "" {
		t.failures = append(t.failures, failure{time.Now(), what, why})
	}
}

// wanted is how much of each there must be after the last command: what has been done must not show later.
var wanted = map[string]int{"call": 20, "call with a forged token": 4, "token": 2, "life of a client": 3}

// expect says what failures a page announces from now on, until the next call: their text holds one of these.
func (t *traffic) expect(texts ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.announced = append(t.announced, announcement{time.Now(), texts})
}

// An announcement of failures, from a time on.
type announcement struct {
	from  time.Time
	texts []string
}

// overlap is how long after its end an announcement covers what was under way then.
const overlap = time.Second

// isAnnounced reports whether a page announced a failure for its time.
func (t *traffic) isAnnounced(f failure) bool {
	for i, a := range t.announced {
		over := i+1 < len(t.announced) && f.at.After(t.announced[i+1].from.Add(overlap))
		if !over && f.at.After(a.from) && slices.ContainsFunc(a.texts, func(text string) bool { return strings.Contains(f.says, text) }) {
			return true
		}
	}
	return false
}

// judge ends the traffic, after some more of it. Whoever is refused by mistake, or is let through by mistake, fails the test,
// unless the page announced it.
func (t *traffic) judge() {
	t.h.tb.Helper()
	counted := t.counts()
	err := eventually(func() error {
		for what, count := range t.counts() {
			if count < counted[what]+wanted[what] {
				return fmt.Errorf("%s: only %d", what, count)
			}
		}
		return nil
	})
	t.stop()
	t.all.Wait()
	if err != nil {
		t.h.tb.Error(err)
	}
	lost := 0
	for _, f := range t.failures {
		if !t.isAnnounced(f) {
			t.h.tb.Errorf("%s: %s: %s", f.at.Format(time.TimeOnly+".000"), f.what, f.says)
			continue
		}
		lost++
	}
	t.h.tb.Logf("traffic: %v, %d failed as announced", t.done, lost)
}

// counts is how often each was done.
func (t *traffic) counts() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := map[string]int{}
	for what := range wanted {
		counts[what] = t.done[what]
	}
	return counts
}
