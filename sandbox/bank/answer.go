package bank

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A resource is what one path can do, by method. One that can do nothing is not there.
type resource map[string]func(*http.Request) answer

// ServeHTTP implements http.Handler.
func (s resource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead { // net/http leaves out the body
		method = http.MethodGet
	}
	operate, ok := s[method]
	switch {
	case len(s) == 0:
		refuse(http.StatusNotFound, fault{Code: notFound, Message: "there is nothing at this path"}).write(w)
	case !ok:
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(s)), ", "))
		refuse(http.StatusMethodNotAllowed, fault{Code: noMethod, Message: "this path does not have that method"}).write(w)
	default:
		operate(r).write(w)
	}
}

// An answer is a status and a body, which is written as JSON.
type answer struct {
	status int
	body   any // nil: none
	header map[string]string
}

func (a answer) write(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // the client is gone
}

// document is the shape of every good answer of the Read/Write API.
type document struct {
	Data  any             `json:"Data"`
	Risk  json.RawMessage `json:"Risk,omitempty"`
	Links struct{ Self string }
	Meta  struct {
		TotalPages int `json:"TotalPages,omitempty"`
	}
}

// list answers with one page of many things.
func list(r *http.Request, data any) answer {
	d := document{Data: data}
	d.Links.Self, d.Meta.TotalPages = r.URL.RequestURI(), 1
	return answer{status: http.StatusOK, body: d}
}

// one answers with one thing, which is at a path of its own.
func one(status int, self string, data any, risk json.RawMessage) answer {
	d := document{Data: data, Risk: risk}
	d.Links.Self = self
	return answer{status: status, body: d}
}

// The codes of what is wrong with a request: the standard's, and the bank's own where it has none.
const (
	fieldInvalid     = "UK.OBIE.Field.Invalid"
	fieldInvalidDate = "UK.OBIE.Field.InvalidDate"
	fieldMissing     = "UK.OBIE.Field.Missing"
	fieldUnexpected  = "UK.OBIE.Field.Unexpected"
	headerInvalid    = "UK.OBIE.Header.Invalid"
	headerMissing    = "UK.OBIE.Header.Missing"
	consentMismatch  = "UK.OBIE.Resource.ConsentMismatch"
	consentStatus    = "UK.OBIE.Resource.InvalidConsentStatus"
	invalidFormat    = "UK.OBIE.Resource.InvalidFormat"
	notFound         = "UK.OBIE.Resource.NotFound"
	unknownAccount   = "UK.OBIE.Unsupported.AccountIdentifier"
	unexpected       = "UK.OBIE.UnexpectedError"

	noMethod = "Sandbox.Method"
	tooLarge = "Sandbox.TooLarge"
)

// A fault is one thing that is wrong with a request.
type fault struct {
	Code    string `json:"ErrorCode"`
	Message string
	Path    string `json:"Path,omitempty"` // of the member, with dots
}

// refuse answers with the standard's OBErrorResponse1.
func refuse(status int, faults ...fault) answer {
	name := http.StatusText(status)
	return answer{status: status, body: struct {
		Code, Message string
		Errors        []fault
	}{strconv.Itoa(status) + " " + strings.ReplaceAll(name, " ", ""), name, faults}}
}

// unknown refuses an id: "Returned when a resource with the specified id does not exist", with status 400 (Read/Write API
// Specification, Standard Error Codes).
func unknown(what string) answer {
	return refuse(http.StatusBadRequest, fault{Code: notFound, Message: "there is no " + what + " with this id"})
}
