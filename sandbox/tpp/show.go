package tpp

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Show writes a request as JSON that a person can read: JWTs are decoded, the access token is left out.
func (r *Request) Show(w io.Writer) error {
	shown := struct {
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"header"`
		JWT    *decoded          `json:"jwt,omitempty"`
		Form   map[string]any    `json:"form,omitempty"`
		JSON   map[string]any    `json:"json,omitempty"`
	}{Method: r.Method, URL: r.URL, Header: map[string]string{}}
	for name := range r.Header {
		shown.Header[name] = r.Header.Get(name)
	}
	if r.Header.Get("Authorization") != "" {
		shown.Header["Authorization"] = "Bearer (the access token)"
	}
	switch r.Header.Get("Content-Type") {
	case "application/jwt":
		jwt, err := decode(string(r.Body))
		if err != nil {
			return err
		}
		shown.JWT = jwt
	case "application/json":
		if err := showClaims(r.Body, &shown.JSON); err != nil {
			return err
		}
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return err
		}
		shown.Form = showForm(form)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(shown)
}

func showForm(form url.Values) map[string]any {
	shown := map[string]any{}
	for name := range form {
		shown[name] = form.Get(name)
		if jwt, err := decode(form.Get(name)); err == nil {
			shown[name] = jwt
		}
	}
	return shown
}

// decoded is a JWT without its signature.
type decoded struct {
	Header json.RawMessage `json:"header"`
	Claims map[string]any  `json:"claims"`
}

// decode reads a JWT, and the software statement in it, for showing.
func decode(compact string) (*decoded, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, errors.New("not a JWT")
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return nil, err
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	jwt := &decoded{Header: header}
	return jwt, showClaims(payload, &jwt.Claims)
}

// showClaims reads a JSON object, and the software statement in it.
func showClaims(text []byte, into *map[string]any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if statement, ok := (*into)["software_statement"].(string); ok {
		if inner, err := decode(statement); err == nil {
			(*into)["software_statement"] = inner
		}
	}
	return nil
}

// Refusal is the reason that a bank gave: RFC 7591 (section 3.2.2), RFC 6749 (section 5.2), and, where the bank tells
// more, the rules that refused.
type Refusal struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Details     []struct {
		Rule        string `json:"rule"`
		Pointer     string `json:"pointer"`
		Clause      string `json:"clause"`
		Description string `json:"description"`
		Fix         string `json:"fix"`
	} `json:"error_details"`
}

// OK says whether the bank did what it was asked.
func (a *Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Refusal reads the reason of an answer that is not OK. Without one in the body it is the challenge, or nothing.
func (a *Answer) Refusal() Refusal {
	var r Refusal
	if err := json.Unmarshal(a.Body, &r); err != nil || r.Code == "" {
		return Refusal{Code: a.Header.Get("WWW-Authenticate")}
	}
	return r
}

// StatusText is the status in words: "201 Created".
func (a *Answer) StatusText() string {
	return fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
}
