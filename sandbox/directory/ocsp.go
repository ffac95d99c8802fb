package directory

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// errQuery refuses a question about a certificate of another CA, or one that cannot be read.
var errQuery = errors.New("the OCSP request is malformed, or about a certificate of another CA")

// askOCSP answers "GET {url}/{url-encoding of base-64 encoding of the DER encoding of the OCSPRequest}" (RFC 6960,
// appendix A.1).
func (d *Directory) askOCSP(w http.ResponseWriter, r *http.Request) error {
	query, err := base64.StdEncoding.DecodeString(r.PathValue("request"))
	if err != nil {
		return errQuery
	}
	return d.answerOCSP(w, query)
}

// postOCSP answers an OCSPRequest in the body.
func (d *Directory) postOCSP(w http.ResponseWriter, r *http.Request) error {
	query, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return errQuery
	}
	return d.answerOCSP(w, query)
}

func (d *Directory) answerOCSP(w http.ResponseWriter, query []byte) error {
	asked, err := ocsp.ParseRequest(query)
	if err != nil {
		return errQuery
	}
	for _, issuer := range []*pki.Authority{d.issuing, d.qtsp} {
		keyHash, err := hashOf(issuer, asked.HashAlgorithm)
		if err != nil {
			return err
		}
		if !bytes.Equal(keyHash, asked.IssuerKeyHash) {
			continue
		}
		text, err := ocsp.CreateResponse(issuer.Certificate, issuer.Certificate, d.standing(asked.SerialNumber), issuer.Key)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
		_, err = w.Write(text)
		return err
	}
	return errQuery
}

// hashOf is the hash by which requests name an issuer: that of its public key, without tag and length.
func hashOf(issuer *pki.Authority, algorithm crypto.Hash) ([]byte, error) {
	query, err := ocsp.CreateRequest(issuer.Certificate, issuer.Certificate, &ocsp.RequestOptions{Hash: algorithm})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errQuery, err)
	}
	own, err := ocsp.ParseRequest(query)
	if err != nil {
		return nil, err
	}
	return own.IssuerKeyHash, nil
}

// standing says whether a serial number is on the revocation list.
func (d *Directory) standing(serial *big.Int) ocsp.Response {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	response := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: now, NextUpdate: now.Add(time.Minute)}
	for _, r := range d.revoked {
		if r.Serial == serial.String() {
			response.Status, response.RevokedAt = ocsp.Revoked, r.Time
		}
	}
	return response
}
