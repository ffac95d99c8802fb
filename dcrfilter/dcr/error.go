// Package dcr is the language of the product: what a refusal is, what a profile, a directory, a software statement and
// a registration are. It does nothing with the outside: no I/O, no clock.
package dcr

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Class is the outward kind of a refusal: an HTTP status and the error code of the standard that defines it.
type Class struct {
	Status int
	Code   string
}

// The refusals this product knows. A code means what its standard says, and nothing else is ever answered.
var (
	// RFC 7591, section 3.2.2: the only four codes of a refused registration.
	InvalidRedirectURI          = Class{http.StatusBadRequest, "invalid_redirect_uri"}
	InvalidClientMetadata       = Class{http.StatusBadRequest, "invalid_client_metadata"}
	InvalidSoftwareStatement    = Class{http.StatusBadRequest, "invalid_software_statement"}
	UnapprovedSoftwareStatement = Class{http.StatusBadRequest, "unapproved_software_statement"}

	// RFC 6750, section 3.1. NoToken carries no code: "the resource server SHOULD NOT include an error code".
	NoToken             = Class{http.StatusUnauthorized, ""}
	NoCredential        = Class{http.StatusUnauthorized, "unauthorized"} // RFC 7617, section 2
	InvalidToken        = Class{http.StatusUnauthorized, "invalid_token"}
	InvalidTokenRequest = Class{http.StatusBadRequest, "invalid_request"}
	InsufficientScope   = Class{http.StatusForbidden, "insufficient_scope"}

	// RFC 6749, section 5.2, at the token, revocation and introspection endpoints.
	InvalidRequest       = Class{http.StatusBadRequest, "invalid_request"}
	InvalidClient        = Class{http.StatusUnauthorized, "invalid_client"}
	UnauthorizedClient   = Class{http.StatusBadRequest, "unauthorized_client"}
	UnsupportedGrantType = Class{http.StatusBadRequest, "unsupported_grant_type"}
	InvalidScope         = Class{http.StatusBadRequest, "invalid_scope"}

	// Plain HTTP (RFC 9110). Their codes are ours, so that every error body has one shape.
	BadRequest           = Class{http.StatusBadRequest, "invalid_request"}
	NotFound             = Class{http.StatusNotFound, "not_found"}
	MethodNotAllowed     = Class{http.StatusMethodNotAllowed, "method_not_allowed"}
	NotAcceptable        = Class{http.StatusNotAcceptable, "not_acceptable"}
	Misdirected          = Class{http.StatusMisdirectedRequest, "misdirected_request"}
	TooLarge             = Class{http.StatusRequestEntityTooLarge, "request_too_large"}
	UnsupportedMediaType = Class{http.StatusUnsupportedMediaType, "unsupported_media_type"}
	Forbidden            = Class{http.StatusForbidden, "access_denied"}
	Unavailable          = Class{http.StatusServiceUnavailable, "temporarily_unavailable"}
)

// Error is a refusal: what the client is told, and, apart from it, what the log is told. Make one with Refuse.
type Error struct {
	Class
	Rule    string // id of the rule that refused: "redirect_uris.https"
	Because string // for the client: a sentence that says what to fix, printable ASCII without quotes, no input in it
	Pointer string // JSON pointer into the request's claims, or ""
	Clause  string // the sentence's source: "OBIE DCR 3.3, Data Dictionary"
	Cause   error  // for the log alone

	More []*Error // what else is wrong with the same request, told with this

	Help Help // what explains the rules

	Allow []string // for 405: the methods that are allowed
	Realm string   // for the challenge of a 401 or 403; "dcr" when empty
	Scope string   // for insufficient_scope: what would be enough
}

// Refuse makes the refusal of a rule. because is for the person who must fix the request; it never quotes input.
func Refuse(class Class, rule, because string) *Error {
	return &Error{Class: class, Rule: rule, Because: because}
}

// At returns a copy that points at a member of the request: At("/redirect_uris/1").
func (e Error) At(pointer string) *Error { e.Pointer = pointer; return &e }

// Per returns a copy that names the clause of the standard it comes from.
func (e Error) Per(clause string) *Error { e.Clause = clause; return &e }

// CausedBy returns a copy with a cause, which is logged and never answered.
func (e Error) CausedBy(cause error) *Error { e.Cause = cause; return &e }

// maxFindings bounds what is told at once, of a request and in the log. The next ones are told when these are mended.
const maxFindings = 50

// All are the refusal and those that are told with it.
func (e *Error) All() []*Error {
	return append([]*Error{e}, e.More[:min(len(e.More), maxFindings-1)]...)
}

// Findings are what the log is told of all of them: each rule, and the JSON pointer where there is one.
func (e *Error) Findings() []string {
	var all []string
	for _, finding := range e.All() {
		all = append(all, strings.TrimSpace(finding.Rule+" "+finding.Pointer))
	}
	return all
}

// Join makes one refusal of several errors, nil for none: the first says what is answered, and the others are told with
// it. A fault of ours among them is the answer alone.
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

// Help is what a refusal is explained by, beside its own words.
type Help struct {
	URL  string            // of the page that explains the rules; "" where there is none
	Mend map[string]string // how to mend what a rule refuses, by its id
}

// Explained returns a copy that is explained.
func (e Error) Explained(help Help) *Error { e.Help = help; return &e }

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
	return Refuse(Unavailable, "internal", "the request could not be decided now; try again later").CausedBy(err)
}
