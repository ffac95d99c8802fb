package jwks

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
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
		set, err := d.source.Revoked(t.Context(), url, Now)
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

// errUnusable stands for any *Unusable in a table.
var errUnusable = errors.New("unusable")

// What is no key set is a failure of the server. A key set without keys is an answer: its owner has withdrawn them.
func TestWhichAnswersKeepTheLastSet(t *testing.T) {
	many := strings.TrimSuffix(keySet(t, "1", "2", "3", "4", "5", "6", "7", "8"), "]}")
	many += strings.Repeat(","+strings.TrimSuffix(strings.TrimPrefix(keySet(t, "9"), `{"keys":[`), "]}"), 64) + "]}"
	tests := []struct {
		name     string
		status   int
		document string
		want     time.Duration // how long kid-1 verifies
		failed   error         // afterwards
	}{
		{"no set", http.StatusOK, `{}`, time.Hour, ErrUnavailable},
		{"a list", http.StatusOK, `[]`, time.Hour, ErrUnavailable},
		{"nothing", http.StatusOK, ``, time.Hour, ErrUnavailable},
		{"a page", http.StatusOK, `<html>`, time.Hour, ErrUnavailable},
		{"keys is no list", http.StatusOK, `{"keys":{}}`, time.Hour, ErrUnavailable},
		{"an error", http.StatusInternalServerError, ``, time.Hour, ErrUnavailable},
		{"an empty set", http.StatusOK, `{"keys":[]}`, 0, nil},
		{"no usable key", http.StatusOK, `{"keys":[{"kty":"oct","k":"AAAA"},null,7]}`, 0, nil},
		{"not found", http.StatusNotFound, ``, 10 * time.Minute, errUnusable},
		{"gone", http.StatusGone, ``, 10 * time.Minute, errUnusable},
		{"too many keys", http.StatusOK, many, 10 * time.Minute, errUnusable},
		{"too large", http.StatusOK, `{"keys":[]}` + strings.Repeat(" ", jose.MaxKeySetBytes), 10 * time.Minute, errUnusable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := newDirectory(t)
			d.want(t, "", nil, 1)
			d.Answer(test.status, test.document)
			d.clock.Advance(8 * time.Minute) // the set is renewed early
			_, err := d.source.Keys(t.Context(), d.URL+"/keys", "")
			check(t, err, nil) // this caller did not wait for the renewal
			d.source.sets.Wait()
			for age := 8 * time.Minute; age < 66*time.Minute; age += time.Minute {
				set, err := d.source.Keys(t.Context(), d.URL+"/keys", "")
				d.source.sets.Wait()
				if got := set.KeyIDs["kid-1"]; got != (age < test.want) {
					t.Fatalf("after %s: verifies %t", age, got)
				}
				switch {
				case age < test.want || test.failed == nil:
					check(t, err, nil)
				case test.failed == ErrUnavailable:
					check(t, err, ErrUnavailable)
				default:
					if _, is := errors.AsType[*Unusable](err); !is {
						t.Fatalf("after %s: got %v", age, err)
					}
				}
				d.clock.Advance(time.Minute)
			}
		})
	}
}

// Revocations are asked for every second or ten; what is said of key sets holds for them.
func TestRevokedSetThatIsGone(t *testing.T) {
	for age, life := range map[Freshness]time.Duration{Now: revokedTTL, Lately: callTTL} {
		d := newDirectory(t)
		ask := func() error {
			_, err := d.source.Revoked(t.Context(), d.URL+"/keys", age)
			d.source.sets.Wait()
			return err
		}
		check(t, ask(), nil)
		d.Answer(http.StatusNotFound, "")
		d.clock.Advance(life)
		if _, is := errors.AsType[*Unusable](ask()); !is {
			t.Errorf("a set of revoked keys serves although it is gone")
		}
	}
}

// An outage may last longer for calls than for registrations, as the directory's file says.
func TestOutage(t *testing.T) {
	d := newDirectory(t)
	d.source = New(d.Client(), d.clock.Now, 2*time.Hour)
	ask := func(age Freshness, want error) {
		t.Helper()
		_, err := d.source.Revoked(t.Context(), d.URL+"/keys", age)
		check(t, err, want)
		_, err = d.source.Listing(t.Context(), d.URL+"/keys", "", age)
		if age == Lately {
			check(t, err, want)
		}
		d.source.sets.Wait()
	}
	ask(Now, nil)
	d.Answer(http.StatusBadGateway, "")
	d.clock.Advance(5 * time.Minute)
	ask(Now, ErrUnavailable)
	ask(Lately, nil)
	d.clock.Advance(114 * time.Minute)
	ask(Lately, nil)
	d.clock.Advance(time.Minute)
	ask(Lately, ErrUnavailable)
}

// A signature that fails has the set fetched once more, as an unknown kid does, and they share the cool-down.
func TestKeysAgain(t *testing.T) {
	d := newDirectory(t)
	again := func(want error, fetches int) jose.KeySet {
		t.Helper()
		set, err := d.source.KeysAgain(t.Context(), d.URL+"/keys")
		d.took(t, "/keys", fetches)
		check(t, err, want)
		return set
	}
	d.want(t, "kid-1", nil, 1)
	again(nil, 0) // fetched just now
	d.Answer(http.StatusOK, keySet(t, "kid-1", "kid-2"))
	d.clock.Advance(justNow)
	holds(t, again(nil, 1), "kid-2", true)
	d.clock.Advance(justNow)
	for range 100 {
		again(nil, 0)
	}
	d.want(t, "kid-3", nil, 0)
	d.clock.Advance(time.Minute)
	d.want(t, "kid-3", nil, 1)
	d.clock.Advance(justNow)
	again(nil, 0)
	d.Answer(http.StatusBadGateway, "")
	d.clock.Advance(10 * time.Minute)
	d.want(t, "", nil, 1)
	again(ErrUnavailable, 0) // a stale set says nothing about a key that was replaced
}
