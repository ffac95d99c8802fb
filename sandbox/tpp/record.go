// Package tpp is a third party provider's own tool: it registers with a bank, gets tokens and calls APIs. It knows
// nothing of the bank but what it is told, so it works with any bank that follows the standard.
package tpp

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Record is what a TPP must remember of a registration: client.json. Losing the client_id would mean to ask the bank's
// people for help, so it is written as soon as the bank has answered.
type Record struct {
	Profile      string `json:"profile,omitempty"` // version of the standard that the registration endpoint follows
	Discovery    string `json:"discovery,omitempty"`
	Issuer       string `json:"issuer,omitempty"`
	Registration string `json:"registration_endpoint"`
	Token        string `json:"token_endpoint"`

	Certificate  string `json:"cert"` // files
	Key          string `json:"key"`
	CA           string `json:"ca,omitempty"`
	SigningKey   string `json:"signing_key"`
	SigningKeyID string `json:"kid"`
	Statement    string `json:"ssa,omitempty"`

	Audience          string `json:"aud,omitempty"` // of registration requests
	AssertionAudience string `json:"assertion_aud,omitempty"`
	AuthMethod        string `json:"auth_method"`
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

// merge fills in what is empty.
func (r *Record) merge(other Record) {
	fill(&r.Profile, other.Profile)
	fill(&r.Discovery, other.Discovery)
	fill(&r.Issuer, other.Issuer)
	fill(&r.Registration, other.Registration)
	fill(&r.Token, other.Token)
	fill(&r.Certificate, other.Certificate)
	fill(&r.Key, other.Key)
	fill(&r.CA, other.CA)
	fill(&r.SigningKey, other.SigningKey)
	fill(&r.SigningKeyID, other.SigningKeyID)
	fill(&r.Statement, other.Statement)
	fill(&r.Audience, other.Audience)
	fill(&r.AssertionAudience, other.AssertionAudience)
	fill(&r.AuthMethod, other.AuthMethod)
	fill(&r.World, other.World)
	fill(&r.ClientID, other.ClientID)
	r.Deleted = r.Deleted || other.Deleted
	if r.Access == nil {
		r.Access = other.Access
	}
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
