package tpp

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// show writes a request as JSON that a person can read: JWTs are decoded, the access token is left out.
func show(w io.Writer, r *dcrclient.Request) error {
	shown := struct {
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"header"`
		JWT    any               `json:"jwt,omitempty"`
		Form   map[string]any    `json:"form,omitempty"`
		JSON   any               `json:"json,omitempty"`
	}{Method: r.Method, URL: r.URL, Header: map[string]string{}}
	for name := range r.Header {
		shown.Header[name] = r.Header.Get(name)
	}
	if r.Header.Get("Authorization") != "" {
		shown.Header["Authorization"] = "Bearer (the access token)"
	}
	switch r.Header.Get("Content-Type") {
	case "application/jwt":
		shown.JWT = readable(string(r.Body))
	case "application/json":
		claims, err := dcrclient.Object(r.Body)
		if err != nil {
			return err
		}
		shown.JSON = readableStatement(claims)
	case dcrclient.FormType:
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return err
		}
		shown.Form = map[string]any{}
		for name := range form {
			shown.Form[name] = readable(form.Get(name))
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(shown)
}

// decoded is a JWT without its signature.
type decoded struct {
	Header map[string]any `json:"header"`
	Claims map[string]any `json:"claims"`
}

// readable decodes a JWT, and the software statement in it. Any other text stays as it is.
func readable(text string) any {
	token, err := dcrclient.ParseJWT(text)
	if err != nil {
		return text
	}
	return &decoded{token.Header, readableStatement(token.Claims)}
}

func readableStatement(claims map[string]any) map[string]any {
	if statement, ok := claims["software_statement"].(string); ok {
		claims["software_statement"] = readable(statement)
	}
	return claims
}

// report says in a line what the bank answered and, when it refused, why.
func report(w io.Writer, request *dcrclient.Request, answer *dcrclient.Answer) {
	_, _ = fmt.Fprintf(w, "%s %s: %s in %d ms\n", request.Method, request.URL, answer.StatusText(), answer.Took.Milliseconds())
	if answer.OK() {
		return
	}
	refusal := answer.Refusal()
	if refusal.Code == "" { // RFC 6750, section 3: the challenge alone may say why
		refusal.Code = answer.Header.Get("WWW-Authenticate")
	}
	if refusal.Code != "" {
		_, _ = fmt.Fprintf(w, "refused: %s\n", strings.TrimSuffix(refusal.Code+": "+refusal.Description, ": "))
	}
	for _, d := range refusal.Details {
		_, _ = fmt.Fprintf(w, "  rule %s\n", strings.Join(present(d.Rule, d.Pointer, d.Clause), ", "))
		if len(refusal.Details) > 1 && d.Description != "" { // one is what error_description says
			_, _ = fmt.Fprintf(w, "    %s\n", d.Description)
		}
		if d.Fix != "" {
			_, _ = fmt.Fprintf(w, "    to fix it: %s\n", d.Fix)
		}
	}
	if id := answer.Header.Get(dcrclient.InteractionID); id != "" {
		_, _ = fmt.Fprintf(w, "  tell the bank: x-fapi-interaction-id %s\n", id)
	}
	if answer.Status == http.StatusUnauthorized && request.Header.Get("Authorization") != "" {
		_, _ = fmt.Fprintln(w, "  the access token may have expired: dcr-gateway tpp token gets a new one")
	}
}

func present(texts ...string) []string {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return all
}
