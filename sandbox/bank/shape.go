package bank

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// maxBody is more than any body of this API.
const maxBody = 16 << 10

// A shape is what a JSON object may hold, by name. A name that is not in it may not be in the object.
type shape map[string]member

// A member is a string of a form, an object of a shape, or, without either, an object of any.
type member struct {
	required bool
	text     *regexp.Regexp
	object   shape
}

func must(m member) member {
	m.required = true
	return m
}

func object(s shape) member { return member{object: s} }

func pattern(form string) member { return member{text: regexp.MustCompile(`^(?:` + form + `)$`)} }

// upTo is the standard's MaxNText.
func upTo(digits string) member { return pattern(`[^\x00-\x1f]{1,` + digits + `}`) }

// oneOf is one of the standard's codes.
func oneOf(codes ...string) member { return pattern(strings.Join(codes, "|")) }

// amountShape is OBActiveCurrencyAndAmount.
func amountShape() member {
	return object(shape{"Amount": must(pattern(`\d{1,13}\.\d{1,5}`)), "Currency": must(pattern(`[A-Z]{3}`))})
}

// accountShape is how an account is named; that of a creditor must say whose it is.
func accountShape(name member) member {
	return object(shape{
		"SchemeName": must(upTo("40")), "Identification": must(upTo("256")), "Name": name, "SecondaryIdentification": upTo("34"),
	})
}

// faults are all that is wrong with an object at a path.
func (s shape) faults(o strictjson.Object, at string) []fault {
	var found []fault
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if _, ok := s[name]; !ok {
			found = append(found, fault{Code: fieldUnexpected, Message: "there is no such member here", Path: at + name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		switch wanted := s[name]; {
		case o.Has(name):
			found = append(found, wanted.faults(o, name, at+name)...)
		case wanted.required:
			found = append(found, fault{Code: fieldMissing, Message: "must be there", Path: at + name})
		}
	}
	return found
}

func (m member) faults(o strictjson.Object, name, at string) []fault {
	if m.text != nil {
		if value, err := o.String(name); err != nil || !m.text.MatchString(value) {
			return []fault{{Code: fieldInvalid, Message: "want a string of the form " + m.text.String(), Path: at}}
		}
		return nil
	}
	inner, err := o.Object(name)
	if err != nil {
		return []fault{{Code: fieldInvalid, Message: "want an object", Path: at}}
	}
	if m.object == nil {
		return nil
	}
	return m.object.faults(inner, at+".")
}

// read reads a body of a shape into a value. Where it is none, refused has a status and says everything that is wrong.
func (s shape) read(r *http.Request, into any) (body []byte, refused answer) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, refuse(http.StatusUnsupportedMediaType, fault{Code: headerInvalid, Message: "want application/json", Path: "Content-Type"})
	}
	body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, refuse(http.StatusBadRequest, fault{Code: invalidFormat, Message: "the body ends too early"})
	}
	if len(body) > maxBody {
		return nil, refuse(http.StatusRequestEntityTooLarge, fault{Code: tooLarge, Message: "the body is larger than 16 KiB"})
	}
	o, err := strictjson.Parse(body)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, fault{Code: invalidFormat, Message: err.Error()})
	}
	if found := s.faults(o, ""); len(found) > 0 {
		return nil, refuse(http.StatusBadRequest, found...)
	}
	if err := json.Unmarshal(body, into); err != nil { // its form was just checked
		return nil, refuse(http.StatusInternalServerError, fault{Code: unexpected, Message: "the body cannot be read"})
	}
	return body, answer{}
}

// same says whether two texts are one JSON value; the order of members does not matter.
func same(a, b json.RawMessage) bool {
	var one, other any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}
