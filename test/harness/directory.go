package harness

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Order asks the directory for a new software product. The directory chooses what is left out.
type Order struct {
	// Profile is the registration profile of the software product, which decides the directory too; the world's own when
	// empty.
	Profile string

	OrgID        string
	Roles        []string
	RedirectURIs []string
	Key, Kind    string // as the directory's API lists them
}

// Changes make a software statement that differs from what the directory would sign.
type Changes = dcrclient.Changes

// directory is the one of the world's own profile, when none is named.
func (w *World) directory(profile string) (*dcrclient.Directory, error) {
	at, err := w.File.For(profile)
	if err != nil {
		return nil, err
	}
	return &dcrclient.Directory{API: at.Directory.API, HTTP: w.Client(nil, HTTP1)}, nil
}

// Enrol has the directory make a new software product, with keys and certificates of its own.
func (w *World) Enrol(ctx context.Context, order Order) (*Software, error) {
	directory, err := w.directory(order.Profile)
	if err != nil {
		return nil, err
	}
	member, err := directory.Enrol(ctx, dcrclient.Order{OrgID: order.OrgID, Roles: order.Roles, RedirectURIs: order.RedirectURIs, Key: order.Key, Kind: order.Kind})
	if err != nil {
		return nil, err
	}
	software, err := newSoftware(w, member)
	if err == nil && order.Profile != "" {
		software.Profile = order.Profile
	}
	return software, err
}

// Adopt takes over a software product that another directory than the world's has made. answer is that directory's.
func (w *World) Adopt(answer []byte) (*Software, error) {
	var member dcrclient.Member
	if err := json.Unmarshal(answer, &member); err != nil {
		return nil, err
	}
	return newSoftware(w, &member)
}

// directory is the one that has enrolled the software product.
func (s *Software) directory() *dcrclient.Directory { return must(s.World.directory(s.at().Profile)) }

// Statement has the directory sign a software statement.
func (s *Software) Statement(ctx context.Context, changes Changes) (string, error) {
	statement, err := s.directory().Statement(ctx, s.SoftwareID, changes)
	Remember(statement)
	return statement, err
}

// Restate has the directory sign a statement for the next requests, where a statement can be used only once.
func (s *Software) Restate(ctx context.Context) (err error) {
	s.StatementText, err = s.Statement(ctx, Changes{})
	return err
}

// Publish has the directory list a certificate as the software product's, beside those that the directory has issued.
func (s *Software) Publish(ctx context.Context, certificate tls.Certificate) error {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	_, err := s.directory().Ask(ctx, "/certificates", map[string]string{"software_id": s.SoftwareID, "certificate": string(text)})
	return err
}

// RevokeKey has the directory move a key, and its certificate, to the revoked set of the software product.
func (s *Software) RevokeKey(ctx context.Context, kid string) error {
	return s.directory().RevokeKey(ctx, s.SoftwareID, kid)
}

// RevokeCertificate has the directory of the world's own profile revoke a certificate by its serial number.
func (w *World) RevokeCertificate(ctx context.Context, serial string) error {
	directory, err := w.directory("")
	if err != nil {
		return err
	}
	_, err = directory.Ask(ctx, "/revoke", map[string]string{"serial": serial})
	return err
}
