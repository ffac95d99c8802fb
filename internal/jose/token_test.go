package jose

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	goodHeader  = `{"alg":"PS256","typ":"JWT","kid":"k1"}`
	goodPayload = `{"iss":"i","exp":1700000000}`
)

var strict = Policy{Algorithms: []string{PS256, ES256}, Types: []string{"JWT"}, KeyID: true, MaxBytes: 600}

// form makes a token of which only the form counts.
func form(header, payload string) string { return b64(header) + "." + b64(payload) + ".c2ln" }

func formRule(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	refusal, ok := errors.AsType[*FormError](err)
	if !ok {
		t.Fatalf("%T is no FormError: %v", err, err)
	}
	has := len(refusal.Args) == 1
	if problem := strings.Join(refusal.Args, ""); strings.ContainsAny(problem, "\"'\\") || !printable(problem) || (problem != "") != has ||
		has != slices.Contains([]string{"jws.base64", "jws.header", "jws.payload"}, refusal.Rule) {
		t.Errorf("%s has no problem for a client: %q", refusal.Rule, refusal.Args)
	}
	return refusal.Rule
}

func TestParseForm(t *testing.T) {
	good := form(goodHeader, goodPayload)
	h, p := b64(goodHeader), b64(goodPayload)
	for _, test := range []struct{ name, token, want string }{
		{"good", good, ""},
		{"largest", form(goodHeader, `{"a":"`+strings.Repeat("x", 380)+`"}`), ""},
		{"too large", form(goodHeader, `{"a":"`+strings.Repeat("x", 500)+`"}`), "jws.size"},
		{"many dots, too large", strings.Repeat(".", 601), "jws.size"},

		{"empty", "", "jws.compact"},
		{"one part", h, "jws.compact"},
		{"two parts", h + "." + p, "jws.compact"},
		{"unsecured", h + "." + p + ".", "jws.compact"},
		{"detached payload", h + "..c2ln", "jws.compact"},
		{"no header", "." + p + ".c2ln", "jws.compact"},
		{"four parts", good + ".c2ln", "jws.compact"},
		{"dot at the end", good + ".", "jws.compact"},
		{"JWE", h + ".a.b.c.d", "jws.compact"},
		{"JSON serialization", `{"payload":"e30","protected":"e30","signature":"c2ln"}`, "jws.compact"},

		{"space before", " " + good, "jws.base64"},
		{"line break after", good + "\n", "jws.base64"},
		{"line break in the header", h[:4] + "\r\n" + h[4:] + "." + p + ".c2ln", "jws.base64"},
		{"line break in the payload", h + "." + p[:4] + "\n" + p[4:] + ".c2ln", "jws.base64"},
		{"line break in the signature", h + "." + p + ".c2\nln", "jws.base64"},
		{"padding", h + "." + p + ".YQ==", "jws.base64"},
		{"no padding", h + "." + p + ".YQ", ""},
		{"bits too many", h + "." + p + ".YR", "jws.base64"},
		{"length of one more than fours", h + "." + p + ".c2lna", "jws.base64"},
		{"plus", h + "." + p + ".+2ln", "jws.base64"},
		{"slash", h + "." + p + "./2ln", "jws.base64"},
		{"not ASCII", h + "." + p + ".c2lé", "jws.base64"},
		{"NUL", h + "." + p + ".c2\x00n", "jws.base64"},

		{"payload: array", form(goodHeader, `[]`), "jws.payload"},
		{"payload: text", form(goodHeader, `hello`), "jws.payload"},
		{"payload: something after", form(goodHeader, `{}{}`), "jws.payload"},
		{"payload: twice", form(goodHeader, `{"iss":"a","iss":"b"}`), "jws.payload"},
		{"payload: twice by case", form(goodHeader, `{"iss":"a","Iss":"b"}`), "jws.payload"},
		{"payload: folded name", form(goodHeader, `{"iſs":"a"}`), "jws.payload"},
		{"payload: broken UTF-8", form(goodHeader, "{\"iss\":\"\xff\"}"), "jws.payload"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.token, strict)
			if got := formRule(t, err); got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestParseHeader(t *testing.T) {
	for _, test := range []struct{ name, header, want string }{
		{"good", goodHeader, ""},
		{"typ in small letters", `{"alg":"ES256","typ":"jwt","kid":"k1"}`, ""},
		{"thumbprints and unknown members", `{"alg":"ES256","typ":"JWT","kid":"k1","x5t":"a","x5t#S256":"b","foo":1}`, ""},
		{"longest kid", `{"alg":"ES256","typ":"JWT","kid":"` + strings.Repeat("k", 255) + `"}`, ""},

		{"no JSON", `alg`, "jws.header"},
		{"array", `["alg"]`, "jws.header"},
		{"something after", goodHeader + `{}`, "jws.header"},
		{"alg twice", `{"alg":"PS256","alg":"none","typ":"JWT","kid":"k1"}`, "jws.header"},
		{"alg twice by case", `{"alg":"PS256","ALG":"none","typ":"JWT","kid":"k1"}`, "jws.header"},
		{"kid twice by escape", `{"alg":"PS256","typ":"JWT","kid":"k1","\u006bid":"k2"}`, "jws.header"},
		{"zip", `{"alg":"PS256","typ":"JWT","kid":"k1","zip":"DEF"}`, "jws.header"},
		{"enc", `{"alg":"PS256","typ":"JWT","kid":"k1","enc":"A128GCM"}`, "jws.header"},

		{"crit", `{"alg":"PS256","typ":"JWT","kid":"k1","crit":["exp"]}`, "jws.crit"},
		{"empty crit", `{"alg":"PS256","typ":"JWT","kid":"k1","crit":[]}`, "jws.crit"},
		{"null crit", `{"alg":"PS256","typ":"JWT","kid":"k1","crit":null}`, "jws.crit"},
		{"b64", `{"alg":"PS256","typ":"JWT","kid":"k1","b64":true}`, "jws.crit"},
		{"jku", `{"alg":"PS256","typ":"JWT","kid":"k1","jku":"https://e.example"}`, "jws.embedded_key"},
		{"jwk", `{"alg":"PS256","typ":"JWT","kid":"k1","jwk":{}}`, "jws.embedded_key"},
		{"x5u", `{"alg":"PS256","typ":"JWT","kid":"k1","x5u":"https://e.example"}`, "jws.embedded_key"},
		{"x5c", `{"alg":"PS256","typ":"JWT","kid":"k1","x5c":null}`, "jws.embedded_key"},

		{"no alg", `{"typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"none", `{"alg":"none","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"None", `{"alg":"None","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"HS256", `{"alg":"HS256","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"RS256", `{"alg":"RS256","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"PS512", `{"alg":"PS512","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"EdDSA is not in the policy", `{"alg":"EdDSA","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"small letters", `{"alg":"ps256","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"empty alg", `{"alg":"","typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"null alg", `{"alg":null,"typ":"JWT","kid":"k1"}`, "jws.alg"},
		{"alg is a list", `{"alg":["PS256"],"typ":"JWT","kid":"k1"}`, "jws.alg"},

		{"no typ", `{"alg":"PS256","kid":"k1"}`, "jws.typ"},
		{"empty typ", `{"alg":"PS256","typ":"","kid":"k1"}`, "jws.typ"},
		{"null typ", `{"alg":"PS256","typ":null,"kid":"k1"}`, "jws.typ"},
		{"another typ", `{"alg":"PS256","typ":"at+jwt","kid":"k1"}`, "jws.typ"},
		{"typ with prefix is not listed", `{"alg":"PS256","typ":"application/jwt","kid":"k1"}`, "jws.typ"},

		{"no kid", `{"alg":"PS256","typ":"JWT"}`, "jws.kid"},
		{"empty kid", `{"alg":"PS256","typ":"JWT","kid":""}`, "jws.kid"},
		{"null kid", `{"alg":"PS256","typ":"JWT","kid":null}`, "jws.kid"},
		{"kid is a number", `{"alg":"PS256","typ":"JWT","kid":1}`, "jws.kid"},
		{"line break in kid", `{"alg":"PS256","typ":"JWT","kid":"k\n1"}`, "jws.kid"},
		{"kid not ASCII", `{"alg":"PS256","typ":"JWT","kid":"ké"}`, "jws.kid"},
		{"kid too long", `{"alg":"PS256","typ":"JWT","kid":"` + strings.Repeat("k", 256) + `"}`, "jws.kid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(form(test.header, goodPayload), strict)
			if got := formRule(t, err); got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestParsePolicies(t *testing.T) {
	accessToken := Policy{Algorithms: []string{PS256}, Types: []string{"at+jwt", "application/at+jwt"}, MaxBytes: 600}
	for _, test := range []struct {
		name, header string
		policy       Policy
		want         string
	}{
		{"typ may be absent", `{"alg":"ES256"}`, lax, ""},
		{"typ may be absent, not empty", `{"alg":"ES256","typ":""}`, lax, "jws.typ"},
		{"typ may be absent, not null", `{"alg":"ES256","typ":null}`, lax, "jws.typ"},
		{"kid may be absent, not empty", `{"alg":"ES256","kid":""}`, lax, "jws.kid"},
		{"kid may be absent, not null", `{"alg":"ES256","kid":null}`, lax, "jws.kid"},
		{"listed with prefix", `{"alg":"PS256","typ":"application/AT+JWT"}`, accessToken, ""},
		{"JWT is no access token", `{"alg":"PS256","typ":"JWT"}`, accessToken, "jws.typ"},
		{"Kelvin sign is no k", `{"alg":"PS256","typ":"\u212a"}`, Policy{[]string{PS256}, []string{"k"}, false, 600}, "jws.typ"},
		{"no typ allowed", `{"alg":"PS256"}`, Policy{Algorithms: []string{PS256}, MaxBytes: 600}, "jws.typ"},
		{"no alg allowed", `{"alg":"PS256"}`, Policy{Types: []string{""}, MaxBytes: 600}, "jws.alg"},
		{"no size allowed", `{"alg":"PS256"}`, Policy{Algorithms: []string{PS256}, Types: []string{""}}, "jws.size"},
		{"zero policy", goodHeader, Policy{}, "jws.size"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(form(test.header, goodPayload), test.policy)
			if got := formRule(t, err); got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestFormErrorNamesTheProblem(t *testing.T) {
	good := form(goodHeader, goodPayload)
	for _, test := range []struct{ token, want string }{
		{form(`{"alg":"none"}`, goodPayload), "jws.alg"},
		{form(`{"alg":"PS256","alg":1}`, goodPayload), "jws.header: alg is named twice"},
		{form(`{"alg":"PS256","zip":"DEF"}`, goodPayload), "jws.header: it must not have zip"},
		{form(goodHeader, `{"iss":"a",}`), "jws.payload: a comma stands before the closing bracket at character 12"},
		{`"` + good + `"`, "jws.base64: character 1 is a quotation mark"},
		{"request=" + good, "jws.base64: character 8 is ="},
		{good + "\n", fmt.Sprintf("jws.base64: character %d is a line break", len(good)+1)},
		{" " + good, "jws.base64: character 1 is a space"},
		{good + "\x00", fmt.Sprintf("jws.base64: character %d is one that does not belong there", len(good)+1)},
		{good[:len(good)-3], "jws.base64: a part is not complete"},
	} {
		_, err := Parse(test.token, lax)
		refusal, ok := errors.AsType[*FormError](err)
		if !ok || refusal.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

func TestParseReturnsWhatItRead(t *testing.T) {
	token := form(`{"alg":"ES256","typ":"JWT","kid":"a b"}`, `{"iss":"me"}`)
	u, err := Parse(token, strict)
	if err != nil {
		t.Fatal(err)
	}
	iss, _ := u.Claims.String("iss")
	if u.Algorithm != ES256 || u.KeyID != "a b" || u.Raw != token || iss != "me" {
		t.Errorf("got %q, %q, %q", u.Algorithm, u.KeyID, iss)
	}
}

func TestClaimsVerifiedElsewhere(t *testing.T) {
	for _, test := range []struct {
		name, token, want string
		max               int
	}{
		{"good", form(goodHeader, goodPayload), "", 600},
		{"too large", form(goodHeader, goodPayload), "jws.size", 50},
		{"two parts", "e30.e30", "jws.compact", 600},
		{"padding", "e30.e30=.c2ln", "jws.base64", 600},
		{"claim twice", form(goodHeader, `{"iss":"a","iss":"b"}`), "jws.payload", 600},
	} {
		t.Run(test.name, func(t *testing.T) {
			claims, err := ClaimsVerifiedElsewhere(test.token, test.max)
			if got := formRule(t, err); got != test.want {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			if iss, _ := claims.String("iss"); test.want == "" && iss != "i" {
				t.Errorf("iss is %q, want i", iss)
			}
		})
	}
}
