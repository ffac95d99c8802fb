package jwks

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

func check(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func holds(t *testing.T, set jose.KeySet, kid string, want bool) {
	t.Helper()
	if set.KeyIDs[kid] != want {
		t.Fatalf("set has %s: %t, want %t", kid, set.KeyIDs[kid], want)
	}
}

func TestSetLivesTenMinutes(t *testing.T) {
	d := newDirectory(t)
	holds(t, d.want(t, "kid-1", nil, 1), "kid-1", true)
	d.clock.advance(8*time.Minute - time.Second)
	d.want(t, "kid-1", nil, 0)

	d.answer(http.StatusOK, keySet(t, "kid-2"))
	d.clock.advance(time.Second)
	holds(t, d.want(t, "", nil, 1), "kid-1", true) // early: the caller does not wait
	holds(t, d.want(t, "", nil, 0), "kid-2", true)

	d.answer(http.StatusOK, keySet(t, "kid-3"))
	d.clock.advance(10 * time.Minute)
	holds(t, d.want(t, "", nil, 1), "kid-3", true) // late: the caller waits
}

func TestCacheControl(t *testing.T) {
	tests := []struct {
		header string
		want   time.Duration // how long the set lives
	}{
		{"", 10 * time.Minute},
		{"max-age=3600", 10 * time.Minute},
		{"max-age=60", time.Minute},
		{"max-age=1", 30 * time.Second},
		{"no-store", 30 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.header, func(t *testing.T) {
			d := newDirectory(t)
			d.set("Cache-Control", test.header)
			d.want(t, "", nil, 1)
			d.clock.advance(test.want*4/5 - time.Millisecond)
			d.want(t, "", nil, 0)
			d.answer(http.StatusOK, keySet(t, "kid-2"))
			d.clock.advance(test.want/5 + time.Millisecond)
			holds(t, d.want(t, "", nil, 1), "kid-2", true)
		})
	}
}

func TestETag(t *testing.T) {
	d := newDirectory(t)
	d.set("ETag", `"one"`)
	d.want(t, "kid-1", nil, 1)
	d.clock.advance(2 * time.Hour) // far too old to be used, but the server says it still holds
	holds(t, d.want(t, "kid-1", nil, 1), "kid-1", true)
	if d.matched != 1 {
		t.Errorf("%d answers of 304, want 1", d.matched)
	}
	d.clock.advance(7 * time.Minute)
	d.want(t, "kid-1", nil, 0)
}

func TestUnknownKid(t *testing.T) {
	d := newDirectory(t)
	d.want(t, "kid-9", nil, 1) // just fetched: once is enough
	d.answer(http.StatusOK, keySet(t, "kid-1", "kid-2"))
	holds(t, d.want(t, "kid-2", nil, 1), "kid-2", true)

	for i := range 10_000 {
		set, err := d.source.Keys(t.Context(), d.URL+"/keys", fmt.Sprint("invented-", i))
		check(t, err, nil)
		holds(t, set, "kid-2", true)
	}
	if got := d.fetches("/keys"); got != 0 {
		t.Errorf("%d fetches within the cool-down, want none", got)
	}
	d.clock.advance(coolDown)
	for i := range 10_000 {
		_, err := d.source.Keys(t.Context(), d.URL+"/keys", fmt.Sprint("invented-", i))
		check(t, err, nil)
	}
	if got := d.fetches("/keys"); got != 1 {
		t.Errorf("%d fetches after a cool-down, want 1", got)
	}
}

func TestManyFirstCallersShareAFetch(t *testing.T) {
	d := newDirectory(t)
	release := d.hold(t)
	var callers sync.WaitGroup
	for range 100 {
		callers.Go(func() {
			set, err := d.source.Keys(t.Context(), d.URL+"/hang", "kid-1")
			if err != nil || !set.KeyIDs["kid-1"] {
				t.Errorf("got %v, %v", set, err)
			}
		})
	}
	time.Sleep(20 * time.Millisecond) // most of them wait by now
	release()
	callers.Wait()
	if got := d.fetches("/hang"); got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
}

func TestRevoked(t *testing.T) {
	d := newDirectory(t)
	url := d.URL + "/revoked"
	ask := func(want error, fetches int) jose.KeySet {
		t.Helper()
		set, err := d.source.Revoked(t.Context(), url)
		d.settle(t)
		check(t, err, want)
		if got := d.fetches("/revoked"); got != fetches {
			t.Fatalf("%d fetches, want %d", got, fetches)
		}
		return set
	}
	d.answer(http.StatusOK, `{"keys":[]}`)
	if set := ask(nil, 1); len(set.KeyIDs) != 0 {
		t.Errorf("got %v, want an empty set", set.KeyIDs)
	}
	d.clock.advance(revokedTTL * 3 / 4)
	ask(nil, 0)

	d.answer(http.StatusOK, keySet(t, "kid-7"))
	d.clock.advance(revokedTTL / 4)
	holds(t, ask(nil, 1), "kid-7", true)

	d.answer(http.StatusInternalServerError, "")
	d.clock.advance(5*time.Minute - time.Second)
	holds(t, ask(nil, 1), "kid-7", true)
	d.clock.advance(time.Second)
	ask(ErrUnavailable, 1)
}

func TestRevokedAndKeysAreKeptApart(t *testing.T) {
	d := newDirectory(t)
	d.answer(http.StatusOK, `{"keys":[]}`)
	_, err := d.source.Revoked(t.Context(), d.URL+"/keys")
	check(t, err, nil)
	_, err = d.source.Keys(t.Context(), d.URL+"/keys", "")
	check(t, err, ErrUnavailable)
}

func TestForbidden(t *testing.T) {
	d := newDirectory(t)
	for _, url := range []string{"http://127.0.0.1/", "https://elsewhere.example/", d.URL + "/#", ""} {
		_, err := d.source.Keys(t.Context(), url, "")
		check(t, err, outbound.ErrForbidden)
	}
	if len(d.source.entries) != 0 {
		t.Errorf("%d entries are kept for forbidden URLs", len(d.source.entries))
	}

	inner := New(outbound.New(outbound.Policy{Hosts: []string{d.Listener.Addr().String()}}), d.clock.Now)
	for range 2 { // the second time by what is remembered
		_, err := inner.Keys(t.Context(), d.URL, "")
		check(t, err, outbound.ErrForbidden)
	}
}

func TestNumberOfURLsIsBounded(t *testing.T) {
	d := newDirectory(t)
	if d.source.limit != maxURLs {
		t.Errorf("%d URLs are kept, want %d", d.source.limit, maxURLs)
	}
	d.source.limit = 3
	ask := func(path string, fetches int) {
		t.Helper()
		_, err := d.source.Keys(t.Context(), d.URL+path, "")
		check(t, err, nil)
		if got := d.fetches(path); got != fetches {
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
	if len(d.source.entries) != 3 || d.source.used.Len() != 3 {
		t.Errorf("%d entries and %d in order, want 3", len(d.source.entries), d.source.used.Len())
	}
}

func TestConcurrentUse(t *testing.T) {
	d := newDirectory(t)
	d.source.limit = 4
	var callers sync.WaitGroup
	for i := range 16 {
		callers.Go(func() {
			for j := range 50 {
				d.clock.advance(time.Second)
				_, err := d.source.Keys(t.Context(), fmt.Sprint(d.URL, "/", (i+j)%6), "kid-1")
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
}
