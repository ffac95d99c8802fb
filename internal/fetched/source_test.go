package fetched

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
)

// world is a publisher of words, and a source of them.
type world struct {
	*testkit.Publisher
	*testkit.Clock
	source *Source[string]
}

var words = Kind[string]{
	Read: func(document []byte) (string, error) {
		switch text := string(document); text {
		case "bad":
			return "", errors.New("bad")
		case "many":
			return "", &Unusable{errors.New("too many words")}
		case "panic":
			panic("a reader's mistake")
		default:
			return text, nil
		}
	},
	Life: 10 * time.Minute, Least: 30 * time.Second, Stale: time.Hour,
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Publisher: testkit.Publish(t, "one"), Clock: testkit.NewClock()}
	w.source = New[string](w.Client(), w.Now)
	return w
}

func word(wanted string) Need[string] {
	return Need[string]{Lacks: func(have string) bool { return !strings.Contains(have, wanted) }}
}

func (w *world) get(path string, need Need[string]) (string, error) {
	return w.source.Get(context.Background(), &words, w.URL+path, need)
}

// want asks for a word and checks the answer and the number of fetches it took, those in the background included.
func (w *world) want(t *testing.T, need Need[string], want string, failed error, fetches int) {
	t.Helper()
	got, err := w.get("/", need)
	w.source.Wait()
	check(t, err, failed)
	if got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if got := w.Fetches("/"); got != fetches {
		t.Fatalf("%d fetches, want %d", got, fetches)
	}
}

func check(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func TestALife(t *testing.T) {
	for header, life := range map[string]time.Duration{
		"": 10 * time.Minute, "max-age=3600": 10 * time.Minute, "max-age=60": time.Minute, "max-age=1": 30 * time.Second, "no-store": 30 * time.Second,
	} {
		t.Run(header, func(t *testing.T) {
			w, anything := newWorld(t), Need[string]{}
			w.Set("Cache-Control", header)
			w.want(t, anything, "one", nil, 1)
			w.Advance(life*4/5 - time.Millisecond)
			w.want(t, anything, "one", nil, 0)
			w.Answer(http.StatusOK, "two")
			w.Advance(time.Millisecond)
			w.want(t, anything, "one", nil, 1) // early: the caller does not wait
			w.want(t, anything, "two", nil, 0)
			w.Answer(http.StatusOK, "three")
			w.Advance(life)
			w.want(t, anything, "three", nil, 1) // late: the caller waits
			w.Answer(http.StatusOK, "four")
			w.Advance(time.Second)
			w.want(t, Need[string]{Within: 2 * time.Second}, "three", nil, 0)
			w.want(t, Need[string]{Within: time.Second}, "four", nil, 1)
		})
	}
}

func TestETag(t *testing.T) {
	w := newWorld(t)
	w.Set("ETag", `"1"`)
	w.want(t, Need[string]{}, "one", nil, 1)
	w.Advance(2 * time.Hour) // far too old to be used, but the server says it still holds
	w.want(t, Need[string]{}, "one", nil, 1)
	if w.Matched() != 1 {
		t.Errorf("%d answers of 304, want 1", w.Matched())
	}
	w.Advance(7 * time.Minute)
	w.want(t, Need[string]{}, "one", nil, 0)
}

func TestWhatADocumentLacks(t *testing.T) {
	w := newWorld(t)
	w.want(t, word("none"), "one", nil, 1) // just fetched: once is enough
	w.Answer(http.StatusOK, "one two")
	w.want(t, word("two"), "one two", nil, 1)
	for i := range 1000 {
		w.want(t, word(fmt.Sprint(i)), "one two", nil, 0)
	}
	w.Advance(coolDown)
	w.want(t, Need[string]{Lacks: word("none").Lacks, Believed: coolDown + time.Second}, "one two", nil, 0)
	w.want(t, word("none"), "one two", nil, 1)
	w.want(t, word("none"), "one two", nil, 0)
}

func TestWhatADocumentLacksWhileDown(t *testing.T) {
	w := newWorld(t)
	w.want(t, Need[string]{}, "one", nil, 1)
	w.Answer(http.StatusServiceUnavailable, "")
	w.want(t, word("two"), "one", nil, 1)
	w.want(t, word("two"), "one", nil, 0) // paused

	// The fetch failed, so no cool-down: the word is found as soon as the server is back.
	w.Answer(http.StatusOK, "one two")
	w.Advance(firstRetry)
	w.want(t, word("two"), "one two", nil, 1)
}

func TestStaleWhileDown(t *testing.T) {
	for _, answer := range []struct {
		status   int
		document string
	}{{http.StatusInternalServerError, ""}, {http.StatusOK, "bad"}, {http.StatusOK, "panic"}} {
		t.Run(answer.document, func(t *testing.T) {
			w := newWorld(t)
			w.want(t, Need[string]{}, "one", nil, 1)
			w.Answer(answer.status, answer.document)
			w.Advance(10 * time.Minute)
			w.want(t, word("one"), "one", nil, 1)
			w.want(t, word("two"), "", ErrUnavailable, 0) // a stale document says nothing about new words
			w.Advance(50*time.Minute - time.Second)
			w.want(t, word("one"), "one", nil, 1)
			w.Advance(time.Second)
			w.want(t, word("one"), "", ErrUnavailable, 0)
			w.Advance(lastRetry)
			w.want(t, word("one"), "", ErrUnavailable, 1)
			w.Answer(http.StatusOK, "one")
			w.Advance(lastRetry)
			w.want(t, word("one"), "one", nil, 1)
		})
	}
}

// A server that has answered is not down: an earlier document is used until its life ends, and not longer, whatever happens
// after the answer.
func TestAnAnswerIsNoOutage(t *testing.T) {
	tests := []struct {
		name     string
		status   int
		document string
		then     int           // status of a later answer, 0 for none
		want     time.Duration // how long the earlier document is used
	}{
		{name: "an error", status: http.StatusInternalServerError, want: time.Hour},
		{name: "no document of the kind", status: http.StatusOK, document: "bad", want: time.Hour},
		{name: "forbidden to us", status: http.StatusForbidden, want: time.Hour},
		{name: "not found", status: http.StatusNotFound, want: 10 * time.Minute},
		{name: "gone", status: http.StatusGone, want: 10 * time.Minute},
		{name: "too large", status: http.StatusOK, document: strings.Repeat("x", 256<<10+1), want: 10 * time.Minute},
		{name: "beyond a limit", status: http.StatusOK, document: "many", want: 10 * time.Minute},
		{name: "gone, then down", status: http.StatusGone, then: http.StatusBadGateway, want: 10 * time.Minute},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.want(t, Need[string]{}, "one", nil, 1)
			w.Answer(test.status, test.document)
			w.Advance(9 * time.Minute)
			w.want(t, Need[string]{}, "one", nil, 1)
			if test.then != 0 {
				w.Answer(test.then, "")
			}
			for age := 9 * time.Minute; age < 65*time.Minute; age += 30 * time.Second {
				got, err := w.get("/", Need[string]{})
				w.source.Wait()
				if (got == "one") != (age < test.want) || (err == nil) != (age < test.want) {
					t.Fatalf("after %s: got %q, %v", age, got, err)
				}
				_, unusable := errors.AsType[*Unusable](err)
				if err != nil && unusable != (test.want < time.Hour && test.then == 0) {
					t.Fatalf("after %s: got %v", age, err)
				}
				w.Advance(30 * time.Second)
			}
			w.Answer(http.StatusOK, "two")
			w.Advance(lastRetry)
			got, err := w.get("/", Need[string]{})
			check(t, err, nil)
			if got != "two" {
				t.Errorf("got %q, want the new document", got)
			}
		})
	}
}

// A caller may accept an older document than others while it cannot be renewed.
func TestStaleByNeed(t *testing.T) {
	w := newWorld(t)
	w.want(t, Need[string]{}, "one", nil, 1)
	w.Answer(http.StatusBadGateway, "")
	w.Advance(time.Hour)
	w.want(t, Need[string]{}, "", ErrUnavailable, 1)
	w.want(t, Need[string]{Stale: 2 * time.Hour}, "one", nil, 0)
	w.Advance(time.Hour)
	w.want(t, Need[string]{Stale: 2 * time.Hour}, "", ErrUnavailable, 1)
	if _, err := w.get("/", Need[string]{Stale: time.Minute}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// A server that is restarted is asked again after a second, one that stays down once a minute.
func TestPauses(t *testing.T) {
	w := newWorld(t)
	w.Answer(http.StatusBadGateway, "")
	w.want(t, Need[string]{}, "", ErrUnavailable, 1)
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		w.Advance(pause*time.Second - time.Millisecond)
		w.want(t, Need[string]{}, "", ErrUnavailable, 0)
		w.Advance(time.Millisecond)
		w.want(t, Need[string]{}, "", ErrUnavailable, 1)
	}
	w.Answer(http.StatusOK, "one")
	w.Advance(lastRetry)
	w.want(t, Need[string]{}, "one", nil, 1)
}

func TestHangingURL(t *testing.T) {
	w := newWorld(t)
	release := w.Hold(t)
	patient := make(chan error, 1)
	go func() {
		_, err := w.get("/hang", Need[string]{})
		patient <- err
	}()
	hasty, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := w.source.Get(hasty, &words, w.URL+"/hang", Need[string]{})
	check(t, err, ErrUnavailable)
	check(t, err, context.DeadlineExceeded)
	_, err = w.get("/", Need[string]{}) // another URL answers
	check(t, err, nil)
	release()
	if err := <-patient; err != nil { // the caller that gave up did not end the fetch
		t.Errorf("got %v", err)
	}
	if got := w.Fetches("/hang"); got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
}

func TestHangingWhileStaleKeepsNobodyWaiting(t *testing.T) {
	w := newWorld(t)
	_, err := w.get("/hang", Need[string]{})
	check(t, err, nil)
	w.Answer(http.StatusBadGateway, "")
	w.Advance(9 * time.Minute)
	_, err = w.get("/hang", Need[string]{}) // fails in the background
	check(t, err, nil)
	w.source.Wait()

	release := w.Hold(t)
	w.Advance(2 * time.Minute)
	_, err = w.get("/hang", word("one"))
	check(t, err, nil)
	e, err := w.source.entry(place[string]{w.URL + "/hang", &words})
	check(t, err, nil)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.flight == nil {
		t.Error("the caller waited for the fetch")
	}
	release()
}

func TestManyFirstCallersShareAFetch(t *testing.T) {
	w := newWorld(t)
	release := w.Hold(t)
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() {
			if got, err := w.get("/hang", word("one")); err != nil || got != "one" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond) // most of them wait by now
	release()
	callers.Wait()
	if got := w.Fetches("/hang"); got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
}

func TestKindsAreKeptApart(t *testing.T) {
	w := newWorld(t)
	w.want(t, Need[string]{}, "one", nil, 1)
	none := words
	none.Read = func([]byte) (string, error) { return "", errors.New("nothing is acceptable") }
	_, err := w.source.Get(t.Context(), &none, w.URL+"/", Need[string]{})
	check(t, err, ErrUnavailable)
	w.want(t, Need[string]{}, "one", nil, 1) // the fetch is the other kind's
}

func TestForbidden(t *testing.T) {
	w := newWorld(t)
	for _, url := range []string{"http://127.0.0.1/", "https://elsewhere.example/", w.URL + "/#", ""} {
		_, err := w.source.Get(t.Context(), &words, url, Need[string]{})
		check(t, err, outbound.ErrForbidden)
	}
	if w.source.size != 0 {
		t.Errorf("%d entries are kept for forbidden URLs", w.source.size)
	}
	inner := New[string](outbound.New(outbound.Policy{Hosts: []string{w.Host}}), w.Now)
	for range 2 { // the second time by what is remembered
		_, err := inner.Get(t.Context(), &words, w.URL, Need[string]{})
		check(t, err, outbound.ErrForbidden)
	}
}

func TestNumberOfURLsIsBounded(t *testing.T) {
	w := newWorld(t)
	if w.source.limit != maxURLs {
		t.Errorf("%d URLs are kept, want %d", w.source.limit, maxURLs)
	}
	w.source.limit = 3
	ask := func(path string, fetches int) {
		t.Helper()
		w.Advance(time.Millisecond)
		_, err := w.get(path, Need[string]{})
		check(t, err, nil)
		if got := w.Fetches(path); got != fetches {
			t.Errorf("%s: %d fetches, want %d", path, got, fetches)
		}
	}
	for _, path := range []string{"/1", "/2", "/3"} {
		ask(path, 1)
	}
	ask("/1", 0)
	ask("/4", 1) // drops 2, which nobody asked for the longest
	ask("/1", 0)
	ask("/3", 0)
	ask("/4", 0)
	ask("/2", 1) // drops 1
	ask("/1", 1)
	count := 0
	for range w.source.entries.Range {
		count++
	}
	if count != 3 || w.source.size != 3 {
		t.Errorf("%d entries, counted as %d, want 3", count, w.source.size)
	}
}

func TestConcurrentUse(t *testing.T) {
	w := newWorld(t)
	w.source.limit = 4
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for j := range 50 {
				w.Advance(time.Second)
				if _, err := w.get(fmt.Sprint("/", (i+j)%6), word("one")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}
