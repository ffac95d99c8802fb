// Package dcr defines the types that all other packages share: refusals, profiles, directories, software statements and
// registrations. Use Refuse for every error that a client sees. The package has no I/O and reads no clock; checks
// belong in dcrfilter/rule and dcrfilter/trust.
package dcr

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Class is what the client sees of a refusal's type: an HTTP status and the error code of the standard that defines it.
type Class struct {
	Status int
	Code   string
}

// statuses holds the error codes of this product, each with the status that its standard defines.
var statuses = map[string]int{
	// RFC 7591, section 3.2.2: the only four codes of a refused registration.
	"invalid_redirect_uri":          http.StatusBadRequest,
	"invalid_client_metadata":       http.StatusBadRequest,
	"invalid_software_statement":    http.StatusBadRequest,
	"unapproved_software_statement": http.StatusBadRequest,

	// RFC 7617, section 2, and RFC 6750, section 3.1.
	"unauthorized":       http.StatusUnauthorized,
	"invalid_token":      http.StatusUnauthorized,
	"insufficient_scope": http.StatusForbidden,

	// RFC 6749, section 5.2, at the token, revocation and introspection endpoints. RFC 6750 and all other malformed
	// requests also use invalid_request.
	"invalid_request":        http.StatusBadRequest,
	"invalid_client":         http.StatusUnauthorized,
	"unauthorized_client":    http.StatusBadRequest,
	"unsupported_grant_type": http.StatusBadRequest,
	"invalid_scope":          http.StatusBadRequest,

	// Plain HTTP (RFC 9110). These codes are ours, so that every error body has one shape.
	"not_found":               http.StatusNotFound,
	"method_not_allowed":      http.StatusMethodNotAllowed,
	"not_acceptable":          http.StatusNotAcceptable,
	"misdirected_request":     http.StatusMisdirectedRequest,
	"request_too_large":       http.StatusRequestEntityTooLarge,
	"unsupported_media_type":  http.StatusUnsupportedMediaType,
	"access_denied":           http.StatusForbidden,
	"temporarily_unavailable": http.StatusServiceUnavailable,
}

// The classes that code compares or chooses.
var (
	InvalidRedirectURI          = classOf("invalid_redirect_uri")
	InvalidClientMetadata       = classOf("invalid_client_metadata")
	InvalidSoftwareStatement    = classOf("invalid_software_statement")
	UnapprovedSoftwareStatement = classOf("unapproved_software_statement")
	InvalidClient               = classOf("invalid_client")
	Forbidden                   = classOf("access_denied")
	Unavailable                 = classOf("temporarily_unavailable")
	NoCredential                = classOf("unauthorized")
	// NoToken is "no_token" in the catalogue and "unauthorized" in a body. A challenge has no code for it: "the resource
	// server SHOULD NOT include an error code" (RFC 6750, section 3.1).
	NoToken = classOf("no_token")
)

func classOf(code string) Class {
	if code == "no_token" {
		return Class{Status: http.StatusUnauthorized}
	}
	return Class{statuses[code], code}
}

// Name is the code in the body of an answer.
func (c Class) Name() string { return cmp.Or(c.Code, "unauthorized") }

// Error is a refusal. It keeps what the client receives apart from what only the log contains. Make one with Refuse.
type Error struct {
	Class
	Rule    string // its id in the catalogue: "redirect_uris.https"
	Because string // for the client: what is wrong or was expected, in printable ASCII without quotes; quotes input only by Values
	Fix     string // for the client: what to do about it
	Pointer string // JSON pointer into the request's claims, or ""
	Clause  string // the sentence's source: "OBIE DCR 3.3, Data Dictionary"
	Cause   error  // only for the log

	More []*Error // further problems of the same request, in the same answer

	Allow []string      // for 405: the methods that are allowed
	Scope string        // for insufficient_scope: the scope that is needed
	Retry time.Duration // for 503: when to try again, in whole seconds; 2 seconds when 0
}

// Refuse returns the catalogue's refusal with this id. args fill the placeholders of its sentence in order; they must
// be printable ASCII without quotes, and the client's input only as Values writes it. An unknown id or a wrong number of args is a bug: the
// refusal is then "internal", and a test finds it.
func Refuse(id string, args ...string) *Error {
	entry, known := catalogue().entries[id]
	if !known || strings.Count(entry.Says, "{") != len(args) {
		fault := fmt.Errorf("the catalogue has no refusal %q with %d arguments", id, len(args))
		return &Error{Class: Unavailable, Rule: "internal", Because: "the request could not be decided; try again later", Cause: fault}
	}
	return &Error{Class: entry.Classes()[0], Rule: id, Because: fill(entry.Says, args), Fix: plain(entry.Fix), Clause: entry.Clause}
}

// What Values writes at most.
const (
	maxShown      = 5
	maxShownBytes = 64
)

// Values writes values for a sentence of a refusal, which may be a client's own: each value once, at most five of at most
// 64 bytes each. It only counts further ones, and those with characters that error_description must not have, which are
// those "outside the set %x20-21 / %x23-5B / %x5D-7E" (RFC 6749, section 5.2).
func Values(values []string) string {
	var shown []string
	left := 0
	for i, value := range values {
		unfit := func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }
		switch {
		case slices.Contains(values[:i], value):
		case len(shown) == maxShown || value == "" || len(value) > maxShownBytes || strings.ContainsFunc(value, unfit):
			left++
		default:
			shown = append(shown, value)
		}
	}
	switch {
	case left == 0:
		return cmp.Or(strings.Join(shown, ", "), "none")
	case len(shown) > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), left)
	case left == 1:
		return "1 value"
	}
	return fmt.Sprintf("%d values", left)
}

// RefuseStatement is Refuse for a problem of the software statement, and points at it.
func RefuseStatement(id string, args ...string) *Error {
	return Refuse(id, args...).At("/software_statement")
}

// As returns a copy with another class. Use it for an id that has several codes in the catalogue.
func (e Error) As(class Class) *Error { e.Class = class; return &e }

// At returns a copy that points at a member of the request: At("/redirect_uris/1").
func (e Error) At(pointer string) *Error { e.Pointer = pointer; return &e }

// Under returns a copy that cites the standard of the profile, in the refusal and in More.
func (e Error) Under(p *Profile) *Error {
	e.Clause = strings.NewReplacer(
		"{standard}", p.Standard, "{dictionary}", p.Standard+", "+p.Dictionary, "{member}", strings.TrimPrefix(e.Pointer, "/"),
	).Replace(e.Clause)
	e.More = slices.Clone(e.More)
	for i, finding := range e.More {
		e.More[i] = finding.Under(p)
	}
	return &e
}

// CausedBy returns a copy with a cause, which is logged but never sent to the client.
func (e Error) CausedBy(cause error) *Error { e.Cause = cause; return &e }

// After returns a copy that asks the client to try again after that time, in whole seconds.
func (e Error) After(wait time.Duration) *Error { e.Retry = wait; return &e }

// maxFindings limits the problems in one answer and log line. The client sees the others after it has fixed these.
const maxFindings = 50

// All returns the refusal and its More.
func (e *Error) All() []*Error {
	return append([]*Error{e}, e.More[:min(len(e.More), maxFindings-1)]...)
}

// Findings returns all problems as the log writes them: each rule, with its JSON pointer if there is one.
func (e *Error) Findings() []string {
	var all []string
	for _, finding := range e.All() {
		all = append(all, strings.TrimSpace(finding.Rule+" "+finding.Pointer))
	}
	return all
}

// Join combines several errors into one refusal; it returns nil if there are none. The first error decides the status,
// and the others go into the same answer. If one of them is an internal fault, it is the whole answer.
func Join(errs ...error) error {
	var first *Error
	for _, err := range errs {
		if err == nil {
			continue
		}
		refusal, ok := errors.AsType[*Error](err)
		if !ok {
			return err
		}
		if first == nil {
			copied := *refusal
			first = &copied
			continue
		}
		first.More = slices.Concat(first.More, []*Error{refusal}, refusal.More)
	}
	if first == nil {
		return nil
	}
	return first
}

// Error is for the log: rule, code, sentence and cause.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %d %s: %s", e.Rule, e.Status, e.Code, e.Because)
	if len(e.More) > 0 {
		text += fmt.Sprintf(" (and %d more)", len(e.More))
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// ErrStore is part of every error that says that the store cannot be used at present.
var ErrStore = errors.New("the store cannot be used")

// AsRefusal turns any error into a refusal. An error that is not a refusal is a fault of ours: the client receives a 503
// without details, and the log the whole error.
func AsRefusal(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	if errors.Is(err, ErrStore) {
		return Refuse("store.unavailable").CausedBy(err)
	}
	return Refuse("internal").CausedBy(err)
}
