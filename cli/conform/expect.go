package conform

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// judge returns what is wrong with a response: what was expected and what was received, without tokens and statements.
func (c *course) judge(s Step, x *exchange, failure error) []string {
	e := s.Expect
	if failure != nil {
		if e.Refused {
			return nil
		}
		return []string{"no response: " + c.hide(failure.Error())}
	}
	if len(e.Status) > 0 && !slices.Contains(e.Status, x.answer.Status) {
		return []string{"expected status " + either(e.Status) + e.refusal() + ", " + c.came(x)}
	}
	if len(e.Status) == 0 && !x.answer.OK() {
		return []string{"expected a status of 2xx, " + c.came(x)}
	}
	wrong := c.judgeHeaders(e, x)
	if x.answer.OK() {
		return append(wrong, c.judgeBody(e, x)...)
	}
	if len(e.Error) > 0 && !slices.Contains(e.Error, code(x)) {
		wrong = append(wrong, "expected error "+strings.Join(e.Error, " or ")+", "+c.came(x))
	}
	return wrong
}

// refusal returns what else counts as a refusal.
func (e Expect) refusal() string {
	if e.Refused {
		return " or no TLS connection"
	}
	return ""
}

func either(statuses []int) string {
	var words []string
	for _, status := range statuses {
		words = append(words, fmt.Sprint(status))
	}
	return strings.Join(words, " or ")
}

// came describes the response: status and error code.
func (c *course) came(x *exchange) string {
	text := fmt.Sprintf("received %d", x.answer.Status)
	if x.answer.Status < http.StatusBadRequest {
		return text
	}
	switch code := code(x); {
	case code != "":
		text += " " + code
	case x.json == nil && len(x.answer.Body) > 0:
		text += " with a body that is not a JSON object"
	default:
		text += " without an error code"
	}
	if description, _ := x.json["error_description"].(string); description != "" {
		text += " (" + shown(c.hide(description)) + ")"
	}
	return text
}

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// code returns the response's error code; "" if it has no well-formed one.
func code(x *exchange) string {
	code, _ := x.json["error"].(string)
	if !codeForm.MatchString(code) {
		return ""
	}
	return code
}

func (c *course) judgeHeaders(e Expect, x *exchange) []string {
	v := c.values().With(dcrclient.Values{"interaction_id": dcrclient.Constant(x.request.interaction)})
	var wrong []string
	for name, pattern := range ordered(e.Headers) {
		expression, err := v.Pattern(pattern)
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		have := x.answer.Header.Values(name)
		switch {
		case len(have) == 0:
			wrong = append(wrong, fmt.Sprintf("expected header %s, and it is missing", name))
		case !slices.ContainsFunc(have, expression.MatchString):
			wrong = append(wrong, fmt.Sprintf("expected header %s to match %s, received %s", name, pattern, shown(c.hide(have[0]))))
		}
	}
	return wrong
}

func (c *course) judgeBody(e Expect, x *exchange) []string {
	if e.Body == "empty" {
		if len(x.answer.Body) > 0 {
			return []string{fmt.Sprintf("expected no body, received %d bytes", len(x.answer.Body))}
		}
		return nil
	}
	if e.Body == "" && !e.reads() {
		return nil
	}
	if x.json == nil {
		return []string{"expected a JSON object, received another body"}
	}
	// Clients differ in how they read two members of one name.
	if _, err := strictjson.Parse(x.answer.Body); err != nil {
		return []string{"expected a JSON object with unique members, received: " + err.Error()}
	}
	return c.judgeJSON(e, x)
}

// reads reports whether anything is expected of the response's members.
func (e Expect) reads() bool {
	return len(e.Members)+len(e.NoMembers) > 0 || e.NoNulls || e.Flattened || e.Bound || e.Same != ""
}

// readable reports whether an access token is a JWT.
func readable(x *exchange) bool {
	_, err := tokenClaims(x)
	return err == nil
}

func tokenClaims(x *exchange) (map[string]any, error) {
	token, _ := x.json["access_token"].(string)
	return claims(token)
}

// judgeBound compares the token with the certificate (RFC 8705, section 3.1).
func (c *course) judgeBound(x *exchange) []string {
	payload, err := tokenClaims(x)
	if err != nil {
		return nil // opaque: see readable
	}
	confirmation, _ := payload["cnf"].(map[string]any)
	thumbprint, _ := confirmation["x5t#S256"].(string)
	if thumbprint != base64.RawURLEncoding.EncodeToString(c.leaf[:sha256.Size]) {
		return []string{"expected the access token's cnf to be the certificate's SHA-256, and it is not"}
	}
	return nil
}

const maxShown = 160

// shown returns a bank's text for a report: printable ASCII, of bounded length.
func shown(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	if len(text) > maxShown {
		text = text[:maxShown] + "..."
	}
	return text
}

var tokenForm = regexp.MustCompile(`[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}(\.[A-Za-z0-9_-]*)*`)

// hide removes tokens from a text.
func (r *run) hide(text string) string {
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, "(hidden)")
	}
	return tokenForm.ReplaceAllString(text, "(hidden)")
}
