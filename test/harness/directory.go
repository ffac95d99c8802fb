package harness

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
)

// Order asks the directory for a new software; what is left out is chosen there.
type Order struct {
	// Profile is the registration profile that the software will follow, and so which directory it is of; the world's own
	// when empty.
	Profile string `json:"-"`

	OrgID        string   `json:"org_id,omitempty"`
	Roles        []string `json:"roles,omitempty"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
}

// Changes make a software statement that differs from what the directory would sign.
type Changes struct {
	Claims map[string]any `json:"claims,omitempty"` // replaced, or added
	Header map[string]any `json:"header,omitempty"` // replaced, or added
	Omit   []string       `json:"omit,omitempty"`   // members left out, of the claims and of the header
}

// Enrol has the directory make a new software, with keys and certificates of its own.
func (w *World) Enrol(ctx context.Context, order Order) (*Software, error) {
	at, err := w.File.For(order.Profile)
	if err != nil {
		return nil, err
	}
	var member member
	if err := w.ask(ctx, at.Directory.API+"/software", order, &member); err != nil {
		return nil, err
	}
	software, err := newSoftware(w, member)
	if err == nil {
		software.Profile = at.Profile
	}
	return software, err
}

// Adopt is a software that a directory has enrolled that is not the world's: answer is what that one said.
func (w *World) Adopt(answer []byte) (*Software, error) {
	var member member
	if err := json.Unmarshal(answer, &member); err != nil {
		return nil, err
	}
	return newSoftware(w, member)
}

// Statement has the directory sign a software statement.
func (s *Software) Statement(ctx context.Context, changes Changes) (string, error) {
	order := struct {
		SoftwareID string `json:"software_id"`
		Changes
	}{s.SoftwareID, changes}
	var signed struct {
		Statement string `json:"ssa"`
	}
	if err := s.World.ask(ctx, s.at().Directory.API+"/ssa", order, &signed); err != nil {
		return "", err
	}
	Remember(signed.Statement)
	return signed.Statement, nil
}

// Publish has the directory list a certificate as one of the software's, beside those that it has issued.
func (s *Software) Publish(ctx context.Context, certificate tls.Certificate) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	return s.World.ask(ctx, s.at().Directory.API+"/certificates", map[string]string{"software_id": s.SoftwareID, "certificate": string(text)}, nil)
}

// Restate has the directory sign a statement for the software's next requests, where one is good for a single request.
func (s *Software) Restate(ctx context.Context) (err error) {
	s.FirstStatement, err = s.Statement(ctx, Changes{})
	return err
}

// RevokeKey has the directory move a key of the software to its revoked set, and its certificate with it.
func (s *Software) RevokeKey(ctx context.Context, kid string) error {
	return s.World.ask(ctx, s.at().Directory.API+"/revoke", map[string]string{"software_id": s.SoftwareID, "kid": kid}, nil)
}

// RevokeCertificate has the directory of the world's own profile revoke a certificate by its serial number.
func (w *World) RevokeCertificate(ctx context.Context, serial string) error {
	return w.askDirectory(ctx, "/revoke", map[string]string{"serial": serial}, nil)
}

// askDirectory orders something of the API of the directory of the world's own profile.
func (w *World) askDirectory(ctx context.Context, path string, order, into any) error {
	return w.ask(ctx, w.File.Directory.API+path, order, into)
}

// ask orders something of a directory's API and reads the answer into a value, unless that is nil.
func (w *World) ask(ctx context.Context, url string, order, into any) error {
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := Do(w.Client(nil, HTTP1), request)
	if err != nil {
		return fmt.Errorf("ask the directory for %s: %w", url, err)
	}
	if answer.Status >= http.StatusBadRequest {
		return fmt.Errorf("ask the directory for %s: it answers %s", url, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Body, into)
}
