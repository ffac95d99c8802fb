package dcr

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// retryAfter is what a 503 asks of the client, in seconds: a part that was restarted is back within it.
const retryAfter = "2"

// Answer is a refusal as HTTP. It is the one place where refusals become HTTP, for the gate and the registry alike.
// The header holds what RFC 9110 and RFC 6750 ask of the status; the body is a JSON object {"error",
// "error_description", "error_details"}, of which RFC 7591 (section 3.2.2) names the first two and allows more.
func (e *Error) Answer() (status int, header http.Header, body []byte) {
	header = NoStore()
	header.Set("Content-Type", "application/json")
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		header.Set("WWW-Authenticate", e.challenge())
	case http.StatusMethodNotAllowed:
		header.Set("Allow", strings.Join(e.Allow, ", "))
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", retryAfter)
	}
	return e.Status, header, e.body()
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
	realm := e.Realm
	if realm == "" {
		realm = "dcr"
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
	Code        string   `json:"error"`
	Description string   `json:"error_description"`
	Details     []detail `json:"error_details,omitempty"`
}

// detail says which rule refused, where, what was expected, how to mend it, which sentence of a standard it enforces, and
// where that is explained.
type detail struct {
	Rule        string `json:"rule"`
	Pointer     string `json:"pointer,omitempty"`
	Description string `json:"description,omitempty"`
	Mend        string `json:"mend,omitempty"`
	Clause      string `json:"clause,omitempty"`
	Help        string `json:"help,omitempty"`
}

func (e *Error) body() []byte {
	answer := errorBody{Code: e.Code, Description: e.Because}
	if e.Class == NoToken {
		answer.Code = "unauthorized"
	}
	if len(e.More) > 0 {
		answer.Description += fmt.Sprintf(" (the first of %d findings, see error_details)", len(e.More)+1)
	}
	for _, finding := range e.All() {
		if finding.Rule != "" {
			told := detail{
				Rule: finding.Rule, Pointer: finding.Pointer, Description: finding.Because, Mend: e.Help.Mend[finding.Rule], Clause: finding.Clause,
			}
			if e.Help.URL != "" {
				told.Help = e.Help.URL + "#" + finding.Rule
			}
			answer.Details = append(answer.Details, told)
		}
	}
	body, err := json.Marshal(answer)
	if err != nil { // strings always marshal
		return []byte(`{"error":"temporarily_unavailable"}`)
	}
	return body
}
