package token

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

func TestUnknownKidAsksOnceASecond(t *testing.T) {
	c := testkit.NewClock()
	loads := 0
	k, _, err := makeKey()
	if err != nil {
		t.Fatal(err)
	}
	ring := newRing(func(context.Context, time.Time) ([]key, error) { loads++; return []key{k}, nil }, c.Now)
	for _, step := range []struct {
		after time.Duration
		kid   string
		want  int
	}{{0, "x", 1}, {0, "y", 1}, {999 * time.Millisecond, "x", 1}, {time.Millisecond, "x", 2}, {0, k.id, 2}} {
		c.Advance(step.after)
		_, err := ring.verifying(t.Context(), step.kid)
		if known := step.kid == k.id; known != (err == nil) || !known && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v", step.kid, err)
		}
		if loads != step.want {
			t.Errorf("%s: %d loads, want %d", step.kid, loads, step.want)
		}
	}
}

func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loads, log := 0, &bytes.Buffer{}
		ring := newRing(func(context.Context, time.Time) ([]key, error) {
			if loads++; loads == 2 {
				return nil, errors.New("the source is down")
			}
			return []key{{id: "k"}}, nil
		}, time.Now)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { ring.Follow(ctx, slog.New(slog.NewTextHandler(log, nil))); close(done) }()
		time.Sleep(3*RefreshEvery + time.Second)
		synctest.Wait()
		stop()
		<-done
		if loads != 3 || len(kids(ring)) != 1 {
			t.Errorf("%d loads and the keys %v, want 3 and one", loads, kids(ring))
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "the source is down") {
			t.Errorf("logged %q, want the one failure", log)
		}
	})
}

func TestLoadWaitsNoLongerThanItsCaller(t *testing.T) {
	ring := newRing(nil, time.Now)
	ring.loading <- struct{}{} // somebody loads and gets no answer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ring.verifying(ctx, "k"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestRingThatWasNeverLoaded(t *testing.T) {
	if got, err := newRing(nil, time.Now).JWKS(); err == nil {
		t.Errorf("the JWK Set is %s", got)
	}
}

func BenchmarkVerify(b *testing.B) {
	c := testkit.NewClock()
	ring, _ := fixed(b, c)
	compact, _, err := NewIssuer(ring, ours.living(5*time.Minute), nil, c.Now).Issue(b.Context(), grant())
	if err != nil {
		b.Fatal(err)
	}
	verifier := NewBuiltin(ring, ours, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Inspect(b.Context(), compact, c.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
