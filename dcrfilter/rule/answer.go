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

// unflattened lists the claims of a software statement that an answer never contains as the client's: those about the
// JWT itself (RFC 7519, section 4.1), and those whose value only this server sets.
var unflattened = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti",
	"client_id", "client_id_issued_at", "client_secret", "client_secret_expires_at",
	"registration_access_token", "registration_client_uri", "software_statement",
}

// A Client is the content of an answer about a client, with the names and forms of records.
type Client struct {
	ID        string
	IssuedAt  int64             // seconds
	Metadata  strictjson.Object // from Registered
	Statement string            // byte for byte as received
	Claims    strictjson.Object // of the statement
}

// Answer returns the body of a 201 or 200 as the profile defines it: the metadata, client_id and client_id_issued_at,
// the software statement, and at the top level those of its claims that are not in the metadata. "It includes all the
// claims in the software_statement provided in the request, but each of these is flattened out as a top-level
// attribute" (OBIE DCR, Data Dictionary); of the software statement "its value MUST be returned unmodified" (RFC 7591,
// section 3.2.1).
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
		// Some readers would not distinguish names that differ only in case.
		if !slices.Contains(taken, strings.ToLower(name)) && string(value) != "null" {
			answer[name] = value
		}
	}
	answer["client_id"] = quoted(c.ID)
	answer["client_id_issued_at"] = json.RawMessage(strconv.FormatInt(c.IssuedAt, 10))
	answer["software_statement"] = quoted(c.Statement)
	return answer, nil
}

// shape changes metadata to the names and forms of the profile, and adds what its dictionary always answers.
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

// Encode writes JSON without the escapes for HTML, so that an & in a URL stays unchanged.
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
