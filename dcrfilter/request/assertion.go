package request

import (
	"crypto/subtle"
	"errors"
	"slices"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

const (
	maxAssertionBytes = 8 << 10
	maxAssertionAge   = 24 * time.Hour

	// "The value of the client_assertion_type parameter MUST be ..." (RFC 7523, section 2.2)
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// assertionTypes are the accepted typ values of a client assertion. RFC 10070 requires the last; today's clients send
// none or JWT. Any other type is a token for another purpose (RFC 8725, section 3.11).
var assertionTypes = []string{"", "JWT", "client-authentication+jwt"}

// assertionForm maps a rule of package jose to the refusal of a malformed assertion.
var assertionForm = map[string]string{
	"jws.size":         "clientauth.jws.size",
	"jws.compact":      "clientauth.jws.compact",
	"jws.base64":       "clientauth.jws.base64",
	"jws.header":       "clientauth.jws.header",
	"jws.crit":         "clientauth.jws.crit",
	"jws.embedded_key": "clientauth.jws.embedded_key",
	"jws.alg":          "clientauth.jws.alg",
	"jws.typ":          "clientauth.jws.typ",
	"jws.kid":          "clientauth.jws.kid",
	"jws.payload":      "clientauth.jws.payload",
}

// Assertion checks the form of a client assertion (RFC 7523, section 2.2). Its content is not verified. Its error is a
// *dcr.Error.
func Assertion(parameters Form) (*jose.Unverified, error) {
	if parameters.Value("client_assertion_type") != jwtBearer {
		return nil, dcr.Refuse("clientauth.assertion_type")
	}
	unverified, err := jose.Parse(parameters.Value("client_assertion"), jose.Policy{
		Algorithms: jose.FAPI, Types: assertionTypes, MaxBytes: maxAssertionBytes,
	})
	if malformed, ok := errors.AsType[*jose.FormError](err); ok {
		return nil, dcr.Refuse(assertionForm[malformed.Rule], malformed.Args...).CausedBy(err)
	}
	return unverified, err
}

// CheckAssertion checks the claims of an assertion whose signature a key of the client has verified (RFC 7523, section
// 3). It returns the jti, which may be used once, and the time when the assertion expires: lifetime from now at most, which
// the client's profile decides. audiences are the accepted values of aud. Its error is a *dcr.Error.
func CheckAssertion(verified *jose.Verified, clientID string, parameters Form, audiences []string, lifetime time.Duration, now time.Time) (jti string, expires time.Time, err error) {
	claims := verified.Claims
	subject, _ := claims.String("sub")
	named := parameters.Value("client_id")
	// "the subject MUST be the client_id of the OAuth client" and "mismatched client identifiers: invalid_client".
	if subject != clientID || named != "" && subtle.ConstantTimeCompare([]byte(named), []byte(clientID)) != 1 {
		return "", expires, dcr.Refuse("clientauth.sub")
	}
	if !audienceIs(claims, audiences) {
		return "", expires, dcr.Refuse("clientauth.aud")
	}
	if expires, err = checkAssertionTimes(claims, lifetime, now); err != nil {
		return "", expires, err
	}
	jti, err = claims.String("jti")
	if err != nil || len(jti) > 255 || !dcr.IsJTI(jti) {
		return "", expires, dcr.Refuse("clientauth.jti")
	}
	return jti, expires, nil
}

// assertionTimes maps a time claim of the assertion to its refusal.
var assertionTimes = map[string]string{"iat": "clientauth.iat", "nbf": "clientauth.nbf", "exp": "clientauth.exp"}

// "The JWT MUST contain an exp (expiration time) claim that limits the time window during which the JWT can be used", and
// "may contain" nbf and iat. "The authorization server may reject JWTs with an "exp" claim value that is unreasonably far in
// the future" (RFC 7523, section 3).
func checkAssertionTimes(claims strictjson.Object, lifetime time.Duration, now time.Time) (expires time.Time, err error) {
	times, err := dcr.ReadTimes(claims)
	if times.IssuedAt.IsZero() {
		times.IssuedAt = now
	}
	if err == nil {
		err = times.Check(now, maxAssertionAge, 0)
	}
	if wrong, ok := errors.AsType[*dcr.TimeError](err); ok {
		return expires, dcr.Refuse(assertionTimes[wrong.Claim], wrong.Must)
	}
	if times.Expires.IsZero() || times.Expires.Sub(now) > lifetime+dcr.Skew {
		return expires, dcr.Refuse("clientauth.exp", "present, at most "+dcr.Brief(lifetime)+" ahead")
	}
	return times.Expires, err
}

// audienceIs reports whether aud has exactly one value, which is in allowed.
func audienceIs(claims strictjson.Object, allowed []string) bool {
	audience, err := claims.String("aud")
	if err != nil {
		audiences, err := claims.Strings("aud")
		if err != nil || len(audiences) != 1 {
			return false
		}
		audience = audiences[0]
	}
	return audience != "" && slices.Contains(allowed, audience)
}
