package rule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// unflattened are claims of a software statement that are never answered as the client's: those that are about the JWT
// itself (RFC 7519, section 4.1), and those whose value only this server gives.
var unflattened = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti",
	"client_id", "client_id_issued_at", "client_secret", "client_secret_expires_at",
	"registration_access_token", "registration_client_uri", "software_statement",
}

// A Client is what is answered about a client, in the names and forms of records.
type Client struct {
	ID        string
	IssuedAt  int64             // seconds
	Metadata  strictjson.Object // that Registered returned
	Statement string            // byte for byte as it came
	Claims    strictjson.Object // of the statement
}

// Answer is the body of a 201 or 200 as a profile has it: the metadata, client_id and client_id_issued_at, the software
// statement, and its claims at the top level, where the metadata say nothing already. "It includes all the claims in the
// software_statement provided in the request, but each of these is flattened out as a top-level attribute" (OBIE DCR, Data
// Dictionary); of the software statement "its value MUST be returned unmodified" (RFC 7591, section 3.2.1).
func Answer(p *dcr.Profile, c Client) (strictjson.Object, error) {
	if p == nil || c.ID == "" || c.Statement == "" {
		return nil, errors.New("rules: an answer needs a profile, a client id and a software statement")
	}
	answer, taken := maps.Clone(c.Metadata), slices.Clone(unflattened)
	if answer == nil {
		return nil, errors.New("rules: an answer needs the metadata of the client")
	}
	for name := range answer {
		taken = append(taken, strings.ToLower(name), p.Named(strings.ToLower(name)))
	}
	if err := shape(p, answer); err != nil {
		return nil, fmt.Errorf("rules: metadata of the client: %w", err)
	}
	for name, value := range c.Claims {
		// A name that differs in case alone would be the same to some readers.
		if !slices.Contains(taken, strings.ToLower(name)) && string(value) != "null" {
			answer[name] = value
		}
	}
	answer["client_id"] = quoted(c.ID)
	answer["client_id_issued_at"] = json.RawMessage(strconv.FormatInt(c.IssuedAt, 10))
	answer["software_statement"] = quoted(c.Statement)
	return answer, nil
}

// shape gives metadata the names and forms that a profile has for them, and what its dictionary always answers.
func shape(p *dcr.Profile, metadata strictjson.Object) error {
	for name, member := range p.Members {
		if known := p.As(name); known != name && metadata.Has(known) {
			metadata[name] = metadata[known]
			delete(metadata, known)
		}
		if always := byDefault(member); always != nil && member.In == dcr.InResponse {
			text, err := Encode(always)
			if err != nil {
				return err
			}
			metadata[name] = text
		}
	}
	if !scopeIsArray(p) || !metadata.Has("scope") {
		return nil
	}
	text, err := metadata.String("scope")
	if err == nil {
		metadata["scope"], err = Encode(strings.Fields(text))
	}
	return err
}

// Encode writes JSON without the escapes that are for HTML alone, so that an & in an URL stays what it is.
func Encode(value any) ([]byte, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(body.Bytes()), nil
}

// quoted writes a JSON string. A string always marshals.
func quoted(text string) json.RawMessage {
	encoded, _ := json.Marshal(text)
	return encoded
}
