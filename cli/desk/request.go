package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// A request is the content of a file with a registration request.
type request struct {
	raw       string // the compact JWS; "" if it is not signed yet
	decoded   *token // nil if it cannot be decoded
	payload   []byte // the claims as written
	ssa       string // the compact JWS of the statement; "" if there is none
	statement *token // nil if it cannot be decoded
	newline   bool   // whether the file has white space around the JWS
}

// readRequest reads the file of a request, and the file of a statement if the request has none.
func (c *call) readRequest() (*request, error) {
	text, err := read(c.Operands[0])
	if err != nil {
		return nil, err
	}
	r := &request{}
	trimmed := bytes.TrimSpace(text)
	if bytes.HasPrefix(trimmed, []byte("{")) {
		r.payload = trimmed
		if claims, err := strictjson.Parse(trimmed); err == nil {
			r.decoded = &token{Claims: claims, payload: trimmed}
		}
	} else {
		r.raw, r.newline = string(trimmed), len(trimmed) < len(text)
		if r.decoded, err = decodeToken(r.raw); err == nil {
			r.payload = r.decoded.payload
		}
	}
	if r.decoded != nil {
		r.ssa, _ = r.decoded.Claims.String("software_statement") // if it is absent or not a string, the gate refuses it
	}
	if err := r.addStatement(c.statement); err != nil {
		return nil, err
	}
	if r.ssa != "" {
		r.statement, _ = decodeToken(r.ssa) // the same
	}
	return r, nil
}

// addStatement adds the statement of a file to unsigned claims that lack one.
func (r *request) addStatement(path string) error {
	if path == "" {
		return nil
	}
	text, err := read(path)
	if err != nil {
		return err
	}
	given := strings.TrimSpace(string(text))
	switch {
	case r.ssa == given && given != "":
		return nil
	case r.raw != "" || r.ssa != "":
		return cli.Exit{Code: 2, Text: "--ssa is for claims that have no software_statement yet; this request has one, or is signed"}
	case r.decoded == nil: // the gate says what is wrong with it
		return nil
	}
	r.ssa = given
	return r.replaceStatement(given)
}

// replaceStatement rewrites the claims with another statement.
func (r *request) replaceStatement(ssa string) error {
	claims := maps.Clone(r.decoded.Claims)
	quoted, err := json.Marshal(ssa)
	if err != nil {
		return errors.New("the software statement is not a string")
	}
	claims["software_statement"] = quoted
	r.payload, err = json.Marshal(claims)
	r.decoded = &token{Signed: r.decoded.Signed, Header: r.decoded.Header, Claims: claims, payload: r.payload}
	return err
}
