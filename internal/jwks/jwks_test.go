package jwks

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

func TestSetLivesTenMinutes(t *testing.T) {
	d := newDirectory(t)
	holds(t, d.want(t, "kid-1", nil, 1), "kid-1", true)
	d.clock.Advance(8*time.Minute - time.Second)
	d.want(t, "kid-1", nil, 0)

	d.Answer(http.StatusOK, keySet(t, "kid-2"))
	d.clock.Advance(time.Second)
	holds(t, d.want(t, "", nil, 1), "kid-1", true) // early: the caller does not wait
	holds(t, d.want(t, "", nil, 0), "kid-2", true)

	d.Answer(http.StatusOK, keySet(t, "kid-3"))
	d.clock.Advance(10 * time.Minute)
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
			d.Set("Cache-Control", test.header)
			d.want(t, "", nil, 1)
			d.clock.Advance(test.want*4/5 - time.Millisecond)
			d.want(t, "", nil, 0)
			d.Answer(http.StatusOK, keySet(t, "kid-2"))
			d.clock.Advance(test.want/5 + time.Millisecond)
			holds(t, d.want(t, "", nil, 1), "kid-2", true)
		})
	}
}

func TestUnknownKid(t *testing.T) {
	d := newDirectory(t)
	d.want(t, "kid-9", nil, 1) // just fetched: once is enough
	d.Answer(http.StatusOK, keySet(t, "kid-1", "kid-2"))
	holds(t, d.want(t, "kid-2", nil, 1), "kid-2", true)

	for i := range 10_000 {
		set, err := d.source.Keys(t.Context(), d.URL+"/keys", fmt.Sprint("invented-", i))
		check(t, err, nil)
		holds(t, set, "kid-2", true)
	}
	d.took(t, "/keys", 0) // it is cooling down
	d.clock.Advance(time.Minute)
	for i := range 10_000 {
		_, err := d.source.Keys(t.Context(), d.URL+"/keys", fmt.Sprint("invented-", i))
		check(t, err, nil)
	}
	d.took(t, "/keys", 1)
}

func TestRevoked(t *testing.T) {
	d := newDirectory(t)
	url := d.URL + "/revoked"
	ask := func(want error, fetches int) jose.KeySet {
		t.Helper()
		set, err := d.source.Revoked(t.Context(), url)
		d.took(t, "/revoked", fetches)
		check(t, err, want)
		return set
	}
	d.Answer(http.StatusOK, `{"keys":[]}`)
	if set := ask(nil, 1); len(set.KeyIDs) != 0 {
		t.Errorf("got %v, want an empty set", set.KeyIDs)
	}
	d.clock.Advance(revokedTTL * 3 / 4)
	ask(nil, 0)

	d.Answer(http.StatusOK, keySet(t, "kid-7"))
	d.clock.Advance(revokedTTL / 4)
	holds(t, ask(nil, 1), "kid-7", true)

	d.Answer(http.StatusInternalServerError, "")
	d.clock.Advance(5*time.Minute - time.Second)
	holds(t, ask(nil, 1), "kid-7", true)
	d.clock.Advance(time.Second)
	ask(ErrUnavailable, 1)
}

func TestBadSetsKeepTheLastGoodOne(t *testing.T) {
	for _, document := range []string{`{"keys":[]}`, `{}`, `[]`, ``, `<html>`, `{"keys":{}}`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`} {
		t.Run(document, func(t *testing.T) {
			d := newDirectory(t)
			d.want(t, "", nil, 1)
			d.Answer(http.StatusOK, document)
			d.clock.Advance(10 * time.Minute)
			holds(t, d.want(t, "", nil, 1), "kid-1", true)
			d.clock.Advance(50 * time.Minute)
			d.want(t, "", ErrUnavailable, 1)
		})
	}
}

func TestRevokedAndKeysAreKeptApart(t *testing.T) {
	d := newDirectory(t)
	d.Answer(http.StatusOK, `{"keys":[]}`)
	_, err := d.source.Revoked(t.Context(), d.URL+"/keys")
	check(t, err, nil)
	_, err = d.source.Keys(t.Context(), d.URL+"/keys", "")
	check(t, err, ErrUnavailable)
}
