package dcr

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Skew is how far a sender's clock may be ahead of ours. "To accommodate clock offsets, shall accept JWTs with an iat
// or nbf timestamp between 0 and 10 seconds in the future" (FAPI 2.0 Security Profile, section 5.3.2.1).
const Skew = 10 * time.Second

// farthest is the last second of the year 9999. It catches milliseconds that were sent as seconds.
const farthest = 253402300799

// Times holds the registered time claims of a JWT (RFC 7519, section 4.1). An absent claim is zero.
type Times struct{ IssuedAt, NotBefore, Expires time.Time }

// A TimeError says which time claim is wrong and what it must be.
type TimeError struct {
	Claim string // iat, nbf or exp
	Must  string
}

// Error returns a sentence: "exp must be later than now".
func (e *TimeError) Error() string { return e.Claim + " must be " + e.Must }

// statementTimes maps a time claim of the software statement to its refusal.
var statementTimes = map[string]string{
	"iat": "statement.times.iat", "nbf": "statement.times.nbf", "exp": "statement.times.exp",
}

// RefuseStatementTime returns the refusal for a wrong time claim of the software statement.
func RefuseStatementTime(wrong *TimeError) *Error {
	return RefuseStatement(statementTimes[wrong.Claim], wrong.Must)
}

// NumericDate reads a required time, greater than 0 and before the year 10000: "A JSON numeric value representing the
// number of seconds from 1970-01-01T00:00:00Z UTC ... non-integer values can be represented" (RFC 7519, section 2).
func NumericDate(claims strictjson.Object, name string) (time.Time, error) {
	seconds, err := claims.Float(name)
	if err != nil {
		return time.Time{}, fmt.Errorf("a time: %w", err)
	}
	if seconds <= 0 || seconds > farthest {
		return time.Time{}, fmt.Errorf("a time: %s is out of range", name)
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*float64(time.Second))), nil
}

// ReadTimes reads iat, nbf and exp, each of which may be absent. Its error is a *TimeError.
func ReadTimes(claims strictjson.Object) (Times, error) {
	var times Times
	for _, claim := range []struct {
		name string
		time *time.Time
	}{{"iat", &times.IssuedAt}, {"nbf", &times.NotBefore}, {"exp", &times.Expires}} {
		if !claims.Has(claim.name) {
			continue
		}
		value, err := NumericDate(claims, claim.name)
		if err != nil {
			return Times{}, &TimeError{claim.name, "a number of seconds since 1970"}
		}
		*claim.time = value
	}
	return times, nil
}

// Check checks the times at now. iat must be present, not in the future and not older than maxAge. nbf, if present,
// must be reached. exp, if present, must be later than now and iat. If maxLifetime is not 0, exp must be present and at
// most that much later than iat. Its error is a *TimeError.
func (t Times) Check(now time.Time, maxAge, maxLifetime time.Duration) error {
	latest := now.Add(Skew)
	switch {
	case t.IssuedAt.IsZero():
		return &TimeError{"iat", "present"}
	case t.IssuedAt.After(latest):
		return &TimeError{"iat", "in the past, in seconds since 1970"}
	case now.Sub(t.IssuedAt) > maxAge:
		return &TimeError{"iat", "at most " + Brief(maxAge) + " ago"}
	case t.NotBefore.After(latest):
		return &TimeError{"nbf", "in the past, in seconds since 1970"}
	}
	return t.checkExpiry(now, maxLifetime)
}

// "The exp (expiration time) claim identifies the expiration time on or after which the JWT MUST NOT be accepted for
// processing" (RFC 7519, section 4.1.4): equal is expired.
func (t Times) checkExpiry(now time.Time, maxLifetime time.Duration) error {
	switch {
	case t.Expires.IsZero() && maxLifetime > 0:
		return &TimeError{"exp", "present"}
	case t.Expires.IsZero():
		return nil
	case !t.Expires.After(now):
		return &TimeError{"exp", "later than now"}
	case !t.Expires.After(t.IssuedAt):
		return &TimeError{"exp", "later than iat"}
	case !t.Expires.After(t.NotBefore):
		return &TimeError{"exp", "later than nbf"}
	case maxLifetime > 0 && t.Expires.Sub(t.IssuedAt) > maxLifetime:
		return &TimeError{"exp", "at most " + Brief(maxLifetime) + " after iat"}
	}
	return nil
}

// Brief writes a duration without the parts that are zero: 24h, 1h30m.
func Brief(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
