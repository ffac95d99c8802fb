package directory

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
)

// maxBody is more than any order of a tester needs.
const maxBody = 256 << 10

// errOrder refuses a body that is not what the endpoint takes.
var errOrder = errors.New("the body is not the JSON object that this endpoint takes")

// Handler serves the key sets that banks read, and the API that makes what a test needs: at the paths of its dialect.
func (d *Directory) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, serve func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r); err != nil {
				refuse(w, err)
			}
		})
	}
	handle("GET "+d.dialect.statementKeys, func(w http.ResponseWriter, r *http.Request) error {
		return writeKeySet(w, r, d.signingKeys())
	})
	handle("GET /{org}/{set}", func(w http.ResponseWriter, r *http.Request) error { return d.serveKeys(w, r, false) })
	handle("GET /{org}/revoked/{set}", func(w http.ResponseWriter, r *http.Request) error { return d.serveKeys(w, r, true) })
	handle("GET /crl", d.serveList)
	handle("GET /software", d.serveSoftware)
	handle("POST /software", d.serveEnrol)
	handle("POST /ssa", d.serveStatement)
	handle("POST /revoke", d.serveRevoke)
	handle("POST /certificates", d.servePublish)
	return http.StripPrefix(d.dialect.prefix, mux)
}

func (d *Directory) serveKeys(w http.ResponseWriter, r *http.Request, revoked bool) error {
	id, ok := strings.CutSuffix(r.PathValue("set"), ".jwks")
	if !ok {
		return ErrUnknown
	}
	keys, err := d.keys(r.PathValue("org"), id, revoked)
	if err != nil {
		return err
	}
	return writeKeySet(w, r, keys)
}

func (d *Directory) serveList(w http.ResponseWriter, r *http.Request) error {
	list, err := d.revocationList()
	if err != nil {
		return err
	}
	if r.FormValue("form") == "pem" {
		w.Header().Set("Content-Type", "application/x-pem-file")
		return pem.Encode(w, &pem.Block{Type: "X509 CRL", Bytes: list})
	}
	w.Header().Set("Content-Type", "application/pkix-crl") // RFC 2585, section 4.2
	_, err = w.Write(list)
	return err
}

func (d *Directory) serveSoftware(w http.ResponseWriter, _ *http.Request) error {
	return answer(w, http.StatusOK, d.all())
}

func (d *Directory) serveEnrol(w http.ResponseWriter, r *http.Request) error {
	var order Order
	if err := read(r, &order); err != nil {
		return err
	}
	member, err := d.Enrol(order)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, member)
}

// The answer is the statement itself; a client that accepts JSON by name gets it as a member of an object.
func (d *Directory) serveStatement(w http.ResponseWriter, r *http.Request) error {
	var order struct {
		SoftwareID string `json:"software_id"`
		Changes
	}
	if err := read(r, &order); err != nil {
		return err
	}
	statement, err := d.Statement(order.SoftwareID, order.Changes)
	if err != nil {
		return err
	}
	if strings.HasPrefix(r.Header.Get("Accept"), "application/json") {
		return answer(w, http.StatusOK, map[string]string{"ssa": statement})
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, err = io.WriteString(w, statement)
	return err
}

func (d *Directory) serveRevoke(w http.ResponseWriter, r *http.Request) error {
	var order struct {
		SoftwareID string      `json:"software_id"`
		KeyID      string      `json:"kid"`
		Serial     json.Number `json:"serial"` // a number, or a string that holds one
	}
	if err := read(r, &order); err != nil {
		return err
	}
	if order.Serial == "" {
		if err := d.RevokeKey(order.SoftwareID, order.KeyID); err != nil {
			return err
		}
	} else {
		serial, ok := new(big.Int).SetString(order.Serial.String(), 10)
		if !ok || serial.Sign() <= 0 {
			return errOrder
		}
		if err := d.RevokeCertificate(serial); err != nil {
			return err
		}
	}
	return answer(w, http.StatusOK, map[string]bool{"revoked": true})
}

// read takes a JSON object whose members the endpoint knows. No body at all is an order that leaves all out.
func read(r *http.Request, into any) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return errOrder
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	decoder.UseNumber() // what a tester changes in a statement stays as it is written
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", errOrder, err)
	}
	return nil
}

func refuse(w http.ResponseWriter, err error) {
	status, code := http.StatusInternalServerError, "server_error"
	switch {
	case errors.Is(err, ErrUnknown):
		status, code = http.StatusNotFound, "not_found"
	case errors.Is(err, errOrder), errors.Is(err, ErrOrganisation):
		status, code = http.StatusBadRequest, "invalid_request"
	}
	_ = answer(w, status, map[string]string{"error": code, "error_description": err.Error()}) // the client is gone
}

func answer(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(append(text, '\n'))
	return err
}
