package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// ordered iterates over a map in the order of its keys.
func ordered[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

func (c *course) judgeJSON(e Expect, x *exchange) []string {
	var wrong []string
	for name, member := range ordered(e.Members) {
		wrong = append(wrong, c.judgeMember(name, member, x)...)
	}
	for _, name := range e.NoMembers {
		if _, has := x.json[name]; has {
			wrong = append(wrong, fmt.Sprintf("expected no member /%s, and it is present", name))
		}
	}
	if e.NoNulls {
		for _, path := range nulls("", x.json) {
			wrong = append(wrong, fmt.Sprintf("expected no null, and %s is null", shown(path)))
		}
	}
	if e.Flattened {
		wrong = append(wrong, c.judgeFlattened(x)...)
	}
	if e.Bound {
		wrong = append(wrong, c.judgeBound(x)...)
	}
	if e.Same != "" {
		wrong = append(wrong, judgeSame(c.last[e.Same], e.Same, x)...)
	}
	return wrong
}

func (c *course) judgeMember(name string, m Member, x *exchange) []string {
	value, has := x.json[name]
	if !has {
		if m.Optional {
			return nil
		}
		return []string{fmt.Sprintf("expected member /%s, and it is missing", name)}
	}
	if m.Type != "" && !isType(value, m.Type) {
		return []string{fmt.Sprintf("expected /%s to be of type %s, received type %s", name, m.Type, typeOf(value))}
	}
	v := c.values()
	var wrong []string
	if expression, err := v.Pattern(m.Pattern); err != nil || !expression.MatchString(fmt.Sprint(value)) {
		wrong = append(wrong, fmt.Sprintf("expected /%s to match %s, and it does not", name, m.Pattern))
	}
	if want, err := v.Fill(m.Equals); m.Equals != nil && (err != nil || !same(value, want)) {
		wrong = append(wrong, fmt.Sprintf("expected /%s to be %v, and it is not", name, m.Equals))
	}
	if not, err := v.Fill(m.Not); m.Not != nil && (err != nil || same(value, not)) {
		wrong = append(wrong, fmt.Sprintf("expected /%s to be anything but %v, and it is that", name, m.Not))
	}
	if m.Sent && !same(value, x.request.claims[name]) {
		wrong = append(wrong, fmt.Sprintf("expected /%s to be the value that was sent, and it is not", name))
	}
	if m.Statement && !same(value, x.request.statement[name]) {
		wrong = append(wrong, fmt.Sprintf("expected /%s to be that of the software statement, and it is not", name))
	}
	for _, item := range m.Lacks {
		if slices.Contains(items(value), item) {
			wrong = append(wrong, fmt.Sprintf("expected /%s not to contain %s, and it does", name, item))
		}
	}
	return wrong
}

// judgeFlattened compares the claims of the software statement that describe the software product. It skips claims of which
// the request may choose a part (scope, redirect URIs) and the registered claims of a JWT.
func (c *course) judgeFlattened(x *exchange) []string {
	var wrong []string
	for name, want := range ordered(x.request.statement) {
		_, asked := x.request.claims[name]
		if jwtClaims[name] || asked || name == "scope" || name == c.profile.Statement.RedirectURIs && name == "redirect_uris" {
			continue
		}
		if have, has := x.json[name]; !has {
			wrong = append(wrong, fmt.Sprintf("expected the statement's claim %s as member /%s, and it is missing", name, name))
		} else if !same(have, want) {
			wrong = append(wrong, fmt.Sprintf("expected /%s to be that of the software statement, and it is not", name))
		}
	}
	return wrong
}

// jwtClaims are the registered claims of a JWT (RFC 7519, section 4.1).
var jwtClaims = map[string]bool{"iss": true, "sub": true, "aud": true, "exp": true, "nbf": true, "iat": true, "jti": true}

// judgeSame compares a response with an earlier one, member by member.
func judgeSame(before *exchange, verb string, x *exchange) []string {
	if before == nil || before.json == nil {
		return []string{"there is no answer to " + verb + " to compare with"}
	}
	var wrong []string
	for name, want := range ordered(before.json) {
		if have, has := x.json[name]; !has || !same(have, want) {
			wrong = append(wrong, fmt.Sprintf("expected /%s to be what %s answered, and it is not", shown(name), verb))
		}
	}
	for name := range ordered(x.json) {
		if _, has := before.json[name]; !has {
			wrong = append(wrong, fmt.Sprintf("expected no /%s, which %s did not answer", shown(name), verb))
		}
	}
	return wrong
}

// same compares two JSON values of any origin.
func same(a, b any) bool { return reflect.DeepEqual(normal(a), normal(b)) }

func normal(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var read any
	if err := decoder.Decode(&read); err != nil {
		return err
	}
	return read
}

// nulls returns the JSON pointers of null values.
func nulls(path string, value any) []string {
	var found []string
	switch value := value.(type) {
	case nil:
		return []string{path}
	case map[string]any:
		for name, member := range ordered(value) {
			found = append(found, nulls(path+"/"+name, member)...)
		}
	case []any:
		for i, item := range value {
			found = append(found, nulls(fmt.Sprintf("%s/%d", path, i), item)...)
		}
	}
	return found
}

// items returns the strings of an array, or the words of a string.
func items(value any) []string {
	if text, ok := value.(string); ok {
		return strings.Fields(text)
	}
	return dcrclient.Texts(value)
}

func isType(value any, want string) bool {
	have := typeOf(value)
	return have == want || want == "number" && have == "integer"
}

func typeOf(value any) string {
	switch value := value.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if strings.ContainsAny(value.String(), ".eE") {
			return "number"
		}
		return "integer"
	}
	return "null"
}
