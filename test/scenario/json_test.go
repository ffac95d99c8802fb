package scenario

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/harness"
)

// Texts that two readers of JSON understand in two ways. Each is put behind the first brace of a good document, which
// has the members iss (of claims) and alg (of headers).
var ambiguous = []struct{ name, claims, header string }{
	{"a member twice", `"iss":"x",`, `"alg":"none",`},
	{"a member twice with one value", `"iss":SAME,`, `"alg":"PS256",`},
	{"in other letters", `"ISS":"x",`, `"Alg":"none",`},
	{"escaped", `"\u0069ss":"x",`, `"\u0061lg":"none",`},
	{"with a letter that folds to ASCII", `"i` + "\u017f" + `s":"x",`, `"` + "\u212a" + `id":"x",`},
	{"the same, escaped", `"i\u017fs":"x",`, `"\u212aid":"x",`},
	{"a name that is not ASCII", `"n` + "\u00e4" + `me":"x",`, `"n` + "\u00e4" + `me":"x",`},
	{"a name with a NUL", `"iss\u0000":"x",`, `"alg\u0000":"x",`},
	{"a member twice, deeper", `"x":{"a":1,"a":2},`, `"x":{"a":1,"a":2},`},
	{"in other letters, deeper in a list", `"x":[{"a":1,"A":2}],`, `"x":[{"a":1,"A":2}],`},
	{"not UTF-8", "\"x\":\"\xff\",", "\"x\":\"\xff\","},
	{"half a surrogate pair", `"x":"\ud800",`, `"x":"\ud800",`},
	{"deeper than 16 levels", `"x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + ",", `"x":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + ","},
	{"a comment", `/**/`, `/**/`},
	{"a name without quotes", `x:1,`, `x:1,`},
}

// broken are whole documents.
var broken = []struct{ name, text string }{
	{"empty", " "},
	{"null", "null"},
	{"a list", `[{"iss":"x"}]`},
	{"a string", `"iss"`},
	{"cut short", `{"iss":`},
	{"two objects", `{}{}`},
	{"a byte order mark", "\ufeff{}"},
	{"NaN", `{"exp":NaN}`},
}

// ambiguities are the attacks on the claims and on the header of a token, by texts in place of JSON of our own.
func ambiguities(sample *harness.JWT, claims, header want) []attack {
	same := textOf(sample.Claims["iss"])
	var rows []attack
	for _, a := range ambiguous {
		rows = append(rows,
			attack{"claims: " + a.name, func(j *harness.JWT) {
				j.RawClaims = "{" + strings.ReplaceAll(a.claims, "SAME", same) + textOf(j.Claims)[1:]
			}, claims},
			attack{"header: " + a.name, func(j *harness.JWT) { j.RawHeader = "{" + a.header + textOf(j.Header)[1:] }, header})
	}
	for _, b := range broken {
		rows = append(rows,
			attack{"claims: " + b.name, func(j *harness.JWT) { j.RawClaims = b.text }, claims},
			attack{"header: " + b.name, func(j *harness.JWT) { j.RawHeader = b.text }, header})
	}
	return rows
}

func textOf(value any) string {
	text, _ := json.Marshal(value) // maps of a test's own values
	return string(text)
}

func TestAmbiguousRequests(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	refuseAll(t, p, ambiguities(p.Request(), metadata("request.jws.payload"), metadata("request.jws.header")))
}

func TestAmbiguousStatements(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	var rows []ssaAttack
	for _, a := range ambiguities(p.ssa(t), unfit("statement.jws.payload"), unfit("statement.jws.header")) {
		rows = append(rows, ssaAttack(a))
	}
	refuseStatements(t, p, rows)
}

// Bodies that are not a compact JWS at all.
func TestBodies(t *testing.T) {
	t.Parallel()
	p := newTPP(t)
	good := p.Request().Compact()
	for _, test := range []struct {
		name, body string
		want       want
	}{
		{"none", "", metadata("request.empty")},
		{"JSON, as in the IS-JSON profile", `{"software_statement":"` + p.StatementText + `"}`, metadata("request.jws.base64")},
		{"the JSON serialization of a JWS", `{"payload":"a","protected":"b","signature":"c"}`, metadata("request.jws.compact")},
		{"a form", "request=" + good, metadata("request.jws.base64")},
		{"a line break behind it", good + "\n", metadata("request.jws.base64")},
		{"a space before it", " " + good, metadata("request.jws.base64")},
		{"quoted", `"` + good + `"`, metadata("request.jws.base64")},
		{"folded over lines", good[:76] + "\r\n" + good[76:], metadata("request.jws.base64")},
		{"a NUL in it", good[:76] + "\x00" + good[76:], metadata("request.jws.base64")},
		{"not UTF-8", good[:76] + "\xff" + good[76:], metadata("request.jws.base64")},
		{"two of them", good + "." + good, metadata("request.jws.compact")},
		{"dots", "..", metadata("request.jws.compact")},
		{"many dots", strings.Repeat(".", 60_000), metadata("request.jws.compact")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.want.check(t, p.do(t, call{method: "POST", url: p.registration, contentType: "application/jwt", body: test.body}))
		})
	}
}
