package dcr_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestReadTimes(t *testing.T) {
	for _, c := range []struct{ name, claims, want string }{
		{"none", `{}`, ""},
		{"all", `{"iat":1,"nbf":2,"exp":253402300799}`, ""},
		{"zero", `{"iat":0}`, "iat"},
		{"negative", `{"nbf":-1}`, "nbf"},
		{"after the year 9999", `{"exp":253402300800}`, "exp"},
		{"milliseconds", `{"iat":1795262400000}`, "iat"},
		{"fraction", `{"iat":1.5}`, ""},
		{"exponent", `{"iat":1.5e9}`, ""},
		{"text", `{"iat":"1.5"}`, "iat"},
		{"string", `{"exp":"1"}`, "exp"},
		{"null", `{"nbf":null}`, "nbf"},
		{"boolean", `{"iat":true}`, "iat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			object, err := strictjson.Parse([]byte(c.claims))
			if err != nil {
				t.Fatal(err)
			}
			_, err = dcr.ReadTimes(object)
			if got := wrongClaim(t, err); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	object := strictjson.Object{"iat": []byte("1"), "nbf": []byte("2"), "exp": []byte("3")}
	want := dcr.Times{IssuedAt: time.Unix(1, 0), NotBefore: time.Unix(2, 0), Expires: time.Unix(3, 0)}
	if got, err := dcr.ReadTimes(object); err != nil || got != want {
		t.Errorf("got %v %v, want %v", got, err, want)
	}
}

func TestTimesCheck(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	const second = time.Second
	for _, c := range []struct {
		name     string
		times    dcr.Times
		lifetime time.Duration
		want     string
	}{
		{"iat alone", dcr.Times{IssuedAt: noon}, 0, ""},
		{"zero", dcr.Times{}, 0, "iat"},
		{"iat at the skew", dcr.Times{IssuedAt: at(dcr.Skew)}, 0, ""},
		{"iat beyond the skew", dcr.Times{IssuedAt: at(dcr.Skew + second)}, 0, "iat"},
		{"iat at the age", dcr.Times{IssuedAt: at(-time.Minute)}, 0, ""},
		{"iat beyond the age", dcr.Times{IssuedAt: at(-time.Minute - second)}, 0, "iat"},
		{"iat in 1970", dcr.Times{IssuedAt: time.Unix(1, 0)}, 0, "iat"},
		{"nbf at the skew", dcr.Times{IssuedAt: noon, NotBefore: at(dcr.Skew)}, 0, ""},
		{"nbf beyond the skew", dcr.Times{IssuedAt: noon, NotBefore: at(dcr.Skew + second)}, 0, "nbf"},
		{"exp at now: no skew here", dcr.Times{IssuedAt: at(-second), Expires: noon}, 0, "exp"},
		{"exp after now", dcr.Times{IssuedAt: noon, Expires: at(second)}, 0, ""},
		{"exp at iat", dcr.Times{IssuedAt: at(second), Expires: at(second)}, 0, "exp"},
		{"exp at nbf", dcr.Times{IssuedAt: noon, NotBefore: at(second), Expires: at(second)}, 0, "exp"},
		{"exp demanded", dcr.Times{IssuedAt: noon}, time.Hour, "exp"},
		{"exp at the lifetime", dcr.Times{IssuedAt: noon, Expires: at(time.Hour)}, time.Hour, ""},
		{"exp beyond the lifetime", dcr.Times{IssuedAt: noon, Expires: at(time.Hour + second)}, time.Hour, "exp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := wrongClaim(t, c.times.Check(noon, time.Minute, c.lifetime)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNumericDate(t *testing.T) {
	object := strictjson.Object{"good": []byte("1"), "bad": []byte("x")}
	if got, err := dcr.NumericDate(object, "good"); err != nil || !got.Equal(time.Unix(1, 0)) {
		t.Errorf("got %v %v", got, err)
	}
	if _, err := dcr.NumericDate(object, "missing"); !errors.Is(err, strictjson.ErrMissing) {
		t.Errorf("got %v", err)
	}
	if _, err := dcr.NumericDate(object, "bad"); !errors.Is(err, strictjson.ErrType) {
		t.Errorf("got %v", err)
	}
}

// wrongClaim is the claim that a TimeError is about.
func wrongClaim(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	wrong, ok := errors.AsType[*dcr.TimeError](err)
	if !ok {
		t.Fatalf("not a TimeError: %v", err)
	}
	if !strings.HasPrefix(err.Error(), wrong.Claim+" must be ") {
		t.Errorf("not a sentence: %v", err)
	}
	return wrong.Claim
}

// What a bound is, is said: who mends a time must know it.
func TestTimeErrorsSayTheBound(t *testing.T) {
	for _, c := range []struct {
		times dcr.Times
		age   time.Duration
		life  time.Duration
		want  string
	}{
		{dcr.Times{IssuedAt: noon.Add(-2 * time.Hour)}, time.Hour, 0, "iat must be at most 1h ago"},
		{dcr.Times{IssuedAt: noon.Add(-2 * time.Hour)}, 30 * time.Minute, 0, "iat must be at most 30m ago"},
		{dcr.Times{IssuedAt: noon.Add(-2 * time.Hour)}, 90 * time.Minute, 0, "iat must be at most 1h30m ago"},
		{dcr.Times{IssuedAt: noon.Add(-2 * time.Minute)}, 90 * time.Second, 0, "iat must be at most 1m30s ago"},
		{dcr.Times{IssuedAt: noon.Add(-2 * time.Minute)}, 10 * time.Second, 0, "iat must be at most 10s ago"},
		{dcr.Times{IssuedAt: noon, Expires: noon.Add(30 * time.Hour)}, time.Hour, 24 * time.Hour, "exp must be at most 24h after iat"},
	} {
		if err := c.times.Check(noon, c.age, c.life); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
