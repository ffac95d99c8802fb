// Package dcr is the language of the product: what a refusal is, what a profile, a directory, a software statement and
// a registration are. It does nothing with the outside: no I/O, no clock.
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

// Class is the outward kind of a refusal: an HTTP status and the error code of the standard that defines it.
type Class struct {
	Status int
	Code   string
}

// statuses are the codes that this product answers, each with the meaning and the status that its standard gives it.
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

	// RFC 6749, section 5.2, at the token, revocation and introspection endpoints. invalid_request is also that of RFC 6750
	// and of every other malformed request.
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

// Error is a refusal: what the client is answered and, apart from that, what the log says. Make one with Refuse.
type Error struct {
	Class
	Rule    string // its id in the catalogue: "redirect_uris.https"
	Because string // for the client: what is wrong or was expected, in printable ASCII without quotes; never quotes input
	Fix     string // for the client: what to do about it
	Pointer string // JSON pointer into the request's claims, or ""
	Clause  string // the sentence's source: "OBIE DCR 3.3, Data Dictionary"
	Cause   error  // for the log alone

	More []*Error // what else is wrong with the same request, answered together with this

	Allow []string      // for 405: the methods that are allowed
	Scope string        // for insufficient_scope: what would be enough
	Retry time.Duration // for 503: when to try again, in whole seconds; 2 seconds when 0
}

// Refuse returns the refusal that the catalogue has under the id. args fill the places that its sentence has for them, in
// their order; they are printable ASCII without quotes and never the client's input. An id that the catalogue does not
// have, and the wrong number of args, are faults of ours: they deny as "internal", and a test finds them.
func Refuse(id string, args ...string) *Error {
	entry, known := catalogue().entries[id]
	if !known || strings.Count(entry.Says, "{") != len(args) {
		fault := fmt.Errorf("the catalogue has no refusal %q with %d arguments", id, len(args))
		return &Error{Class: Unavailable, Rule: "internal", Because: "the request could not be decided; try again later", Cause: fault}
	}
	return &Error{Class: entry.Classes()[0], Rule: id, Because: fill(entry.Says, args), Fix: plain(entry.Fix), Clause: entry.Clause}
}

// RefuseStatement is Refuse for what is wrong with the software statement, at which it points.
func RefuseStatement(id string, args ...string) *Error {
	return Refuse(id, args...).At("/software_statement")
}

// As returns a copy of another class: of an id that the catalogue has several codes for.
func (e Error) As(class Class) *Error { e.Class = class; return &e }

// At returns a copy that points at a member of the request: At("/redirect_uris/1").
func (e Error) At(pointer string) *Error { e.Pointer = pointer; return &e }

// Under returns a copy whose clauses, and those of More, cite the standard of the profile.
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

// CausedBy returns a copy with a cause, which is logged and never answered.
func (e Error) CausedBy(cause error) *Error { e.Cause = cause; return &e }

// After returns a copy that asks the client to try again after that time, in whole seconds.
func (e Error) After(wait time.Duration) *Error { e.Retry = wait; return &e }

// maxFindings bounds what is answered and logged at once. The remaining ones follow once these are fixed.
const maxFindings = 50

// All are the refusal and those that are answered together with it.
func (e *Error) All() []*Error {
	return append([]*Error{e}, e.More[:min(len(e.More), maxFindings-1)]...)
}

// Findings are all of them as the log has them: each rule, and the JSON pointer where there is one.
func (e *Error) Findings() []string {
	var all []string
	for _, finding := range e.All() {
		all = append(all, strings.TrimSpace(finding.Rule+" "+finding.Pointer))
	}
	return all
}

// Join makes one refusal of several errors, nil for none: the first decides the status, and the others are answered
// together with it. A fault of ours among them is the answer alone.
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

// AsRefusal turns any error into a refusal. One that is not a refusal already is a fault of ours or of a part behind
// us: the client gets a bland 503, the log gets the whole of it.
func AsRefusal(err error) *Error {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal
	}
	return Refuse("internal").CausedBy(err)
}
