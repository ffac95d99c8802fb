package directory

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
	"github.com/dcr-gateway/dcr-gateway/sandbox/pki"
)

// maxBody is more than any order of a tester needs.
const maxBody = 256 << 10

// errOrder refuses a body that is not what the endpoint takes.
var errOrder = errors.New("the body is not the JSON object that this endpoint takes")

// An endpoint is a part of the API, as the directory lists it.
type endpoint struct {
	Method string `json:"method"`
	Path   string `json:"-"` // a pattern of http.ServeMux, after the directory's prefix
	URL    string `json:"url"`
	Body   string `json:"body,omitempty"`
	What   string `json:"what"`

	serve func(http.ResponseWriter, *http.Request) error
}

// endpoints are what banks read, and what makes what a test needs.
func (d *Directory) endpoints() []endpoint {
	list := func(issuer *pki.Authority) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error { return d.serveList(w, r, issuer) }
	}
	return []endpoint{
		{Method: "GET", Path: d.dialect.statementKeys, What: "the key set that verifies software statements",
			serve: func(w http.ResponseWriter, r *http.Request) error { return writeKeySet(w, r, d.signingKeys()) }},
		{Method: "GET", Path: "/{org}/{set}", What: "the key set of a software product, SOFTWARE-ID.jwks, or of an organisation, ORG-ID.jwks",
			serve: func(w http.ResponseWriter, r *http.Request) error { return d.serveKeys(w, r, false) }},
		{Method: "GET", Path: "/{org}/revoked/{set}", What: "the same for revoked keys",
			serve: func(w http.ResponseWriter, r *http.Request) error { return d.serveKeys(w, r, true) }},
		{Method: "GET", Path: "/crl", What: "the revocation list of the issuing CA, in DER; ?form=pem", serve: list(d.issuing)},
		{Method: "GET", Path: "/qtsp/crl", What: "the revocation list of the CA of QWACs", serve: list(d.qtsp)},
		{Method: "GET", Path: "/ocsp/{request}", What: "OCSP (RFC 6960) for both CAs", serve: d.askOCSP},
		{Method: "POST", Path: "/ocsp", Body: "an OCSPRequest in DER", What: "the same", serve: d.postOCSP},
		{Method: "GET", Path: "/software", What: "all software products",
			serve: func(w http.ResponseWriter, _ *http.Request) error { return answer(w, http.StatusOK, d.all()) }},
		{Method: "POST", Path: "/software",
			Body: `{"org_id": "ORG-ID", "roles": ["AISP"], "redirect_uris": ["https://..."], "key": "RSA-2048", "kind": "` + d.dialect.kinds[0].name + `"}`,
			What: "makes a software product with keys, certificates and a software statement; each member may be left out; key is RSA-2048 or P-256, kind one of " +
				d.dialect.kindNames(), serve: takes(d.Enrol)},
		{Method: "POST", Path: "/ssa", Body: `{"software_id": "ID", "claims": {"NAME": "VALUE"}, "header": {}, "omit": ["NAME"]}`,
			What: "signs a fresh software statement, with members replaced, added or left out; all but software_id may be left out", serve: d.serveStatement},
		{Method: "POST", Path: "/revoke", Body: `{"software_id": "ID", "kid": "KID"} or {"serial": "DECIMAL"}`,
			What: "revokes a key or a certificate: key sets, revocation list and OCSP say so", serve: takes(d.revokeAsOrdered)},
		{Method: "POST", Path: "/certificates", Body: `{"software_id": "ID", "certificate": "PEM"}`,
			What: "adds a transport certificate to the key set of a software product", serve: takes(d.publishAsOrdered)},
	}
}

// Handler serves the key sets that banks read, and the API that makes what a test needs, at the paths of its dialect. GET
// of its root lists it.
func (d *Directory) Handler() http.Handler {
	mux, listed := http.NewServeMux(), d.endpoints()
	handle := func(pattern string, serve func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := serve(w, r); err != nil {
				refuse(w, err)
			}
		})
	}
	for i := range listed {
		handle(listed[i].Method+" "+listed[i].Path, listed[i].serve)
		listed[i].URL = d.url + strings.TrimSuffix(listed[i].Path, "/{request}")
	}
	handle("GET /{$}", func(w http.ResponseWriter, _ *http.Request) error {
		text, err := json.MarshalIndent(map[string]any{"issuer": d.dialect.Issuer, "endpoints": listed}, "", "  ") // for people
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		_, err = w.Write(append(text, '\n'))
		return err
	})
	handle("/", func(http.ResponseWriter, *http.Request) error {
		return fmt.Errorf("%w: GET %s/ lists what is here", ErrUnknown, d.url)
	})
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

func (d *Directory) serveList(w http.ResponseWriter, r *http.Request, issuer *pki.Authority) error {
	list, err := d.revocationList(issuer)
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

// takes serves an endpoint that does what it is ordered and answers what came of it.
func takes[Order, Made any](do func(Order) (Made, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		var order Order
		if err := read(r, &order); err != nil {
			return err
		}
		made, err := do(order)
		if err != nil {
			return err
		}
		return answer(w, http.StatusOK, made)
	}
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

// revocation names a key of a software product, or a certificate by its serial number.
type revocation struct {
	SoftwareID string      `json:"software_id"`
	KeyID      string      `json:"kid"`
	Serial     json.Number `json:"serial"` // a number, or a string that holds one
}

func (d *Directory) revokeAsOrdered(order revocation) (map[string]bool, error) {
	done := map[string]bool{"revoked": true}
	if order.Serial == "" {
		return done, d.RevokeKey(order.SoftwareID, order.KeyID)
	}
	serial, ok := new(big.Int).SetString(order.Serial.String(), 10)
	if !ok || serial.Sign() <= 0 {
		return nil, errOrder
	}
	return done, d.RevokeCertificate(serial)
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
	case errors.Is(err, errOrder), errors.Is(err, errQuery), errors.Is(err, ErrOrganisation):
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

// Command is the directories' own process. It serves until the context ends.
func Command() cli.Command {
	return cli.Command{
		Name: "sandbox-directory", Summary: "Serve the sandbox's directories", Hidden: true,
		Setup: func(flags *flag.FlagSet) cli.Run {
			data := flags.String("data", "directory", "`DIR` of the directories' keys and records")
			listen := flags.String("listen", "127.0.0.1:8445", "`HOST:PORT` to serve HTTPS on")
			url := flags.String("url", "https://127.0.0.1:8445", "`URL` that others reach it by: part of the URLs in statements")
			certificate := flags.String("cert", "directory/server.pem", "server certificate, PEM `FILE`")
			key := flags.String("key", "directory/server.key", "its private key, PEM `FILE`")
			return func(ctx context.Context, call cli.Call) error {
				all, err := openAll(*data, *url)
				if err != nil {
					return err
				}
				_, _ = fmt.Fprintf(call.Stdout, "directory: serving %s\n", *url)
				return part.Serve(ctx, *listen, all, *certificate, *key)
			}
		},
	}
}

// openAll serves the directories of all dialects, side by side.
func openAll(dir, url string) (http.Handler, error) {
	mux := http.NewServeMux()
	for _, dialect := range Dialects() {
		d, err := dialect.Open(dir, url)
		if err != nil {
			return nil, fmt.Errorf("open the directory of %s: %w", dialect.Issuer, err)
		}
		mux.Handle(dialect.prefix+"/", d.Handler())
	}
	return mux, nil
}
