// Package tpp is a third party provider's tool: it registers with a bank, gets tokens and calls APIs. It assumes nothing
// about the bank beyond its flags, so it works with any bank that follows the standard. To judge a bank use package conform.
package tpp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Record is what a TPP must keep of a registration: client.json. Only the bank could restore a lost client_id, so it is
// written as soon as the bank has answered.
type Record struct {
	Profile      string `json:"profile,omitempty"` // version of the standard that the registration endpoint follows
	Discovery    string `json:"discovery,omitempty"`
	Issuer       string `json:"issuer,omitempty"`
	Registration string `json:"registration_endpoint,omitempty"`
	Token        string `json:"token_endpoint,omitempty"`

	Certificate  string `json:"cert,omitempty"` // files
	Key          string `json:"key,omitempty"`
	CA           string `json:"ca,omitempty"`
	SigningKey   string `json:"signing_key,omitempty"`
	SigningKeyID string `json:"kid,omitempty"`
	Statement    string `json:"ssa,omitempty"`

	Audience          string `json:"aud,omitempty"` // of registration requests
	AssertionAudience string `json:"assertion_aud,omitempty"`
	AuthMethod        string `json:"auth_method,omitempty"`
	World             string `json:"world,omitempty"` // folder of the sandbox, where a fresh statement is to be had

	ClientID string  `json:"client_id,omitempty"`
	Deleted  bool    `json:"deleted,omitempty"`
	Access   *Access `json:"token,omitempty"`
}

// Access is an access token.
type Access struct {
	Token   string    `json:"access_token"`
	Scope   string    `json:"scope,omitempty"`
	Expires time.Time `json:"expires"`
}

// ReadRecord reads client.json.
func ReadRecord(path string) (*Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &r, nil
}

// Write writes client.json, for its owner's eyes only: it holds a token.
func (r *Record) Write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return pki.WriteFile(path, append(text, '\n'), 0o600)
}

// over returns the record, with missing values taken from another.
func (r Record) over(base Record) Record {
	text, err := json.Marshal(r) // leaves out what is empty
	if err == nil {
		err = json.Unmarshal(text, &base)
	}
	if err != nil { // a record is always JSON
		panic(err)
	}
	return base
}

// absolute makes file names good for commands that are given in another folder.
func (r *Record) absolute() error {
	for _, name := range []*string{&r.Certificate, &r.Key, &r.CA, &r.SigningKey, &r.Statement, &r.World} {
		if *name == "" {
			continue
		}
		path, err := filepath.Abs(*name)
		if err != nil {
			return err
		}
		*name = path
	}
	return nil
}
