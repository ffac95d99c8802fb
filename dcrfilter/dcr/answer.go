package dcr

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxAnswer is the size of the largest body of a refusal. Envoy cuts a larger one off.
const MaxAnswer = 16 << 10

// retryAfter is how long a 503 asks the client to wait if the refusal gives no time. A restarted part is back within
// it.
const retryAfter = 2 * time.Second

// Answer writes the refusal as HTTP. The gate and the registry turn refusals into HTTP only here. The header holds what
// RFC 9110 and RFC 6750 require for the status. The body is a JSON object {"error", "error_description",
// "error_details"}; RFC 7591 (section 3.2.2) defines the first two and allows more. help is the URL of the page that
// explains refusals, or "".
func (e *Error) Answer(help string) (status int, header http.Header, body []byte) {
	header = NoStore()
	header.Set("Content-Type", "application/json")
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		header.Set("WWW-Authenticate", e.challenge())
	case http.StatusMethodNotAllowed:
		header.Set("Allow", strings.Join(e.Allow, ", "))
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", strconv.Itoa(int(cmp.Or(e.Retry, retryAfter)/time.Second)))
	}
	return e.Status, header, e.body(help)
}

// NoStore returns the headers that every answer of an authorization server carries: "the authorization server MUST
// include the HTTP Cache-Control response header field with a value of no-store" (RFC 6749, section 5.1).
func NoStore() http.Header {
	return http.Header{
		"Cache-Control":          {"no-store"},
		"Pragma":                 {"no-cache"},
		"X-Content-Type-Options": {"nosniff"},
	}
}

// "If the protected resource request does not include authentication credentials ... the resource server MUST include
// the HTTP WWW-Authenticate response header field" (RFC 6750, section 3); a 401 or 403 of ours always does, also at
// the token endpoint (RFC 9110, section 15.5.2).
func (e *Error) challenge() string {
	realm := "dcr"
	if e.Class == InvalidClient {
		realm = "token"
	}
	if e.Class == NoCredential {
		return fmt.Sprintf("Basic realm=%q, charset=%q", realm, "UTF-8")
	}
	challenge := fmt.Sprintf("Bearer realm=%q", realm)
	if e.Class == NoToken || e.Class == Forbidden {
		return challenge
	}
	challenge += fmt.Sprintf(", error=%q, error_description=%q", e.Code, e.Because)
	if e.Scope != "" {
		challenge += fmt.Sprintf(", scope=%q", e.Scope)
	}
	return challenge
}

// errorBody is RegistrationError of the OBIE specification and the error answer of RFC 6749, section 5.2.
type errorBody struct {
	Code        string            `json:"error"`
	Description string            `json:"error_description"`
	Details     []json.RawMessage `json:"error_details,omitempty"` // each a detail
	Omitted     int               `json:"error_details_omitted,omitempty"`
}

// detail says which rule refused, where, what was expected, what to do about it, which sentence of a standard the rule
// enforces, and where that is explained.
type detail struct {
	Rule        string `json:"rule"`
	Pointer     string `json:"pointer,omitempty"`
	Description string `json:"description,omitempty"`
	Fix         string `json:"fix,omitempty"`
	Clause      string `json:"clause,omitempty"`
	Help        string `json:"help,omitempty"`
}

// body lists as many findings as MaxAnswer has room for, and counts the others.
func (e *Error) body(help string) []byte {
	all := len(e.More) + 1
	answer := errorBody{Code: e.Name(), Description: e.Because, Omitted: all}
	if all > 1 {
		answer.Description += fmt.Sprintf(" (the first of %d findings, see error_details)", all)
	}
	room := MaxAnswer - len(encode(answer)) - len(`,"error_details":[]`)
	for _, finding := range e.All() {
		explained := encode(finding.detail(help))
		if room -= len(explained) + len(","); room < 0 {
			break
		}
		answer.Details = append(answer.Details, explained)
	}
	answer.Omitted = all - len(answer.Details)
	return encode(answer)
}

func (e *Error) detail(help string) detail {
	if help != "" {
		help += "#" + e.Rule
	}
	return detail{Rule: e.Rule, Pointer: e.Pointer, Description: e.Because, Fix: e.Fix, Clause: e.Clause, Help: help}
}

func encode(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil { // strings always marshal
		return []byte(`{"error":"temporarily_unavailable"}`)
	}
	return body
}
