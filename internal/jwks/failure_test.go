package jwks

import (
	"context"
	"net/http"
	"testing"
	"time"
)

func TestUnknownKidWhileDown(t *testing.T) {
	d := newDirectory(t)
	d.want(t, "", nil, 1)
	d.answer(http.StatusServiceUnavailable, "")
	holds(t, d.want(t, "kid-2", nil, 1), "kid-1", true)
	d.want(t, "kid-2", nil, 0) // paused

	// The fetch failed, so no cool-down: the new key is found as soon as the directory is back.
	d.answer(http.StatusOK, keySet(t, "kid-1", "kid-2"))
	d.clock.advance(firstRetry)
	holds(t, d.want(t, "kid-2", nil, 1), "kid-2", true)
}

func TestStaleWhileDown(t *testing.T) {
	d := newDirectory(t)
	d.want(t, "", nil, 1)
	d.answer(http.StatusInternalServerError, "")
	d.clock.advance(10 * time.Minute)
	holds(t, d.want(t, "kid-1", nil, 1), "kid-1", true)
	d.want(t, "kid-2", ErrUnavailable, 0) // a stale set says nothing about new keys

	d.clock.advance(50*time.Minute - time.Second)
	holds(t, d.want(t, "kid-1", nil, 1), "kid-1", true)
	d.clock.advance(time.Second)
	d.want(t, "kid-1", ErrUnavailable, 0)
	d.clock.advance(lastRetry)
	d.want(t, "kid-1", ErrUnavailable, 1)

	d.answer(http.StatusOK, keySet(t, "kid-1"))
	d.clock.advance(lastRetry)
	holds(t, d.want(t, "kid-1", nil, 1), "kid-1", true)
}

func TestBadSetsKeepTheLastGoodOne(t *testing.T) {
	for _, document := range []string{`{"keys":[]}`, `{}`, `[]`, ``, `<html>`, `{"keys":{}}`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`} {
		t.Run(document, func(t *testing.T) {
			d := newDirectory(t)
			d.want(t, "", nil, 1)
			d.answer(http.StatusOK, document)
			d.clock.advance(10 * time.Minute)
			holds(t, d.want(t, "", nil, 1), "kid-1", true)
			d.clock.advance(50 * time.Minute)
			d.want(t, "", ErrUnavailable, 1)
		})
	}
}

// A directory that is restarted is asked again after a second, one that stays down once a minute.
func TestPauses(t *testing.T) {
	d := newDirectory(t)
	d.answer(http.StatusBadGateway, "")
	d.want(t, "", ErrUnavailable, 1)
	for _, pause := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		d.clock.advance(pause*time.Second - time.Millisecond)
		d.want(t, "", ErrUnavailable, 0)
		d.clock.advance(time.Millisecond)
		d.want(t, "", ErrUnavailable, 1)
	}
	d.answer(http.StatusOK, keySet(t, "kid-1"))
	d.clock.advance(lastRetry)
	holds(t, d.want(t, "", nil, 1), "kid-1", true)
}

func TestHangingURL(t *testing.T) {
	d := newDirectory(t)
	release := d.hold(t)
	patient := make(chan error, 1)
	go func() {
		_, err := d.source.Keys(t.Context(), d.URL+"/hang", "")
		patient <- err
	}()
	hasty, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := d.source.Keys(hasty, d.URL+"/hang", "")
	check(t, err, ErrUnavailable)
	check(t, err, context.DeadlineExceeded)

	set, err := d.source.Keys(t.Context(), d.URL+"/keys", "kid-1")
	check(t, err, nil)
	holds(t, set, "kid-1", true)
	release()
	if err := <-patient; err != nil { // who gave up did not take the fetch along
		t.Errorf("got %v", err)
	}
	if got := d.fetches("/hang"); got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
}

func TestHangingWhileStaleKeepsNobodyWaiting(t *testing.T) {
	d := newDirectory(t)
	_, err := d.source.Keys(t.Context(), d.URL+"/hang", "")
	check(t, err, nil)
	d.answer(http.StatusBadGateway, "")
	d.clock.advance(9 * time.Minute)
	_, err = d.source.Keys(t.Context(), d.URL+"/hang", "") // fails in the background
	check(t, err, nil)
	d.settle(t)

	d.hold(t)
	d.clock.advance(2 * time.Minute)
	began := time.Now()
	_, err = d.source.Keys(t.Context(), d.URL+"/hang", "kid-1")
	check(t, err, nil)
	if took := time.Since(began); took > time.Second {
		t.Errorf("a caller waited %s", took)
	}
}
