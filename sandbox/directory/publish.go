package directory

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// Publish adds a transport certificate that was made elsewhere to a software's key set, as its owner may upload one:
// ErrUnknown.
func (d *Directory) Publish(softwareID string, certificate *x509.Certificate) error {
	jwk, err := pki.PublicJWK(certificate.PublicKey, "tls")
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s, ok := d.software[softwareID]
	if !ok {
		return ErrUnknown
	}
	s.Keys = append(s.Keys, Key{ID: jwk.ID, Use: "tls", Serial: certificate.SerialNumber.String(), Certificate: certificate.Raw})
	return d.save(s)
}

func (d *Directory) servePublish(w http.ResponseWriter, r *http.Request) error {
	var order struct {
		SoftwareID  string `json:"software_id"`
		Certificate string `json:"certificate"` // PEM
	}
	if err := read(r, &order); err != nil {
		return err
	}
	block, _ := pem.Decode([]byte(order.Certificate))
	if block == nil {
		return errOrder
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return errOrder
	}
	if err := d.Publish(order.SoftwareID, certificate); err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]bool{"published": true})
}
