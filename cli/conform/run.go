package conform

import (
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Setup is a bank, and a TPP that has not registered there.
type Setup struct {
	Profile   string
	Base      string // the registration endpoint
	Discovery string // URL of the discovery document, which supplies what is left out here
	Token     string // the token endpoint
	Issuer    string

	Audience     string   // aud of a registration request
	RedirectURIs []string // to register; those of the statement if empty
	AuthMethod   string   // private_key_jwt if empty
	Claims       map[string]any

	Certificate tls.Certificate
	Other       *tls.Certificate // of another TPP; may be nil
	Roots       *x509.CertPool   // the system's if nil
	SigningKey  crypto.Signer
	KeyID       string
	Statements  Statements

	Connect map[string]string // where to connect to, HOST:PORT, in place of a host that a URL names

	Only []string // ids of cases; all of the profile's if empty
}

// run is the state of a run.
type run struct {
	setup       Setup
	profile     dcrclient.Profile
	software    dcrclient.Software
	contentType string // of requests: the one that the bank accepts
	keys        keys
	wire        wire
	supply      *supply
	values      dcrclient.Values
	leaf        [sha256.Size]byte
	several     bool     // redirect URIs
	offered     []string // authentication methods of the bank's discovery document; nil without discovery
	secrets     []string // tokens that must not be in a report

	kept *registered // the only client, in a run that cannot create and delete them at will; see begin
	why  string      // why it cannot
}

// ErrRegistered means that the bank already has the software product.
var ErrRegistered = errors.New("the bank says that this software product is already registered: delete that client first, because a run registers " +
	"the software product again for each case")

// Judge runs the cases of a profile against a bank. An error says why nothing could be judged; Report.Stopped says why not
// everything could. Judge deletes what it has registered, and reports what it cannot delete.
func Judge(ctx context.Context, setup Setup) (*Report, error) {
	cases, err := chosen(setup.Profile, setup.Only)
	if err != nil {
		return nil, err
	}
	r, err := newRun(ctx, setup)
	if err != nil {
		return nil, err
	}
	defer r.wire.close()
	report := &Report{Profile: r.profile.Name, Standard: r.profile.Standard, Endpoint: r.setup.Base, At: time.Now().UTC().Format(time.RFC3339)}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	for _, c := range cases {
		result := r.one(ctx, c, report.Stopped)
		if result.stop != nil && report.Stopped == "" {
			report.Stopped = result.stop.Error()
		}
		report.add(result)
	}
	r.end(ctx, report)
	return report, nil
}

// chosen returns the cases of a profile, or some of them.
func chosen(profile string, only []string) ([]Case, error) {
	all, err := Cases()
	if err != nil {
		return nil, err
	}
	for _, id := range only {
		if !slices.ContainsFunc(all, func(c Case) bool { return c.ID == id && c.Of(profile) }) {
			return nil, fmt.Errorf("%s has no case %s", profile, id)
		}
	}
	return slices.DeleteFunc(all, func(c Case) bool {
		return !c.Of(profile) || len(only) > 0 && !slices.Contains(only, c.ID)
	}), nil
}

// begin makes sure that the bank accepts a valid registration: otherwise every case that expects a refusal would hold. It
// also finds out whether clients can be created and deleted at will; if not, it keeps one for the cases that need no other.
func (r *run) begin(ctx context.Context) error {
	c := r.newCourse("")
	if err := r.beginRegistration(ctx, c); err != nil {
		return err
	}
	client := c.clients[len(c.clients)-1]
	x, failure, err := c.play(ctx, Step{Do: "token"})
	if err := errors.Join(err, failure); err != nil {
		return fmt.Errorf("the token endpoint, so that the client %s is left behind: %w", shown(client.id), err)
	}
	if c.token == "" {
		return fmt.Errorf("the bank issues no access token to the client %s, which it has just registered: %s; the client is left behind", shown(client.id), c.came(x))
	}
	if !r.supply.more() {
		r.kept, r.why = client, "it needs another fresh software statement: use --ssa-command"
		return nil
	}
	x, failure, err = c.play(ctx, Step{Do: "delete"})
	if err := errors.Join(err, failure); err != nil {
		return fmt.Errorf("delete the client %s, which is left behind: %w", shown(client.id), err)
	}
	switch {
	case x.answer.OK():
		return nil
	case x.answer.Status == http.StatusMethodNotAllowed, x.answer.Status == http.StatusNotImplemented:
		r.kept, r.why = client, "the bank deletes no clients, and the one of this software product is kept for the other cases"
		return nil
	}
	return fmt.Errorf("the client %s cannot be deleted and is left behind: %s", shown(client.id), c.came(x))
}

func (r *run) beginRegistration(ctx context.Context, c *course) error {
	var x *exchange
	for _, r.contentType = range r.profile.ContentTypes {
		var failure, err error
		if x, failure, err = c.play(ctx, Step{Do: "register"}); err != nil || failure != nil {
			return errors.Join(err, failure)
		}
		if x.answer.Status != http.StatusUnsupportedMediaType {
			break
		}
	}
	if len(c.clients) > 0 {
		return nil
	}
	if duplicate(x) {
		return fmt.Errorf("%w (%s)", ErrRegistered, c.came(x))
	}
	if x.answer.OK() {
		return errors.New("the bank's answer to a registration has no client_id")
	}
	return fmt.Errorf("the bank refuses a registration that should be valid, so that no refusal would prove anything: %s", c.came(x))
}

// duplicate guesses whether a refusal means that the software product is already registered: no standard has a code for it.
func duplicate(x *exchange) bool {
	description, _ := x.json["error_description"].(string)
	description = strings.ToLower(description)
	return x.answer.Status == http.StatusConflict || x.answer.Status == http.StatusBadRequest &&
		(strings.Contains(description, "duplicate") || strings.Contains(description, "already"))
}

// end deletes the client that was kept.
func (r *run) end(ctx context.Context, report *Report) {
	client := r.kept
	if client == nil {
		return
	}
	r.kept = nil
	c := r.newCourse(client.method)
	c.clients = []*registered{client}
	if err := c.clean(context.WithoutCancel(ctx)); err != nil {
		report.Notes = append(report.Notes, err.Error())
	}
}

// newRun prepares a run. It registers nothing.
func newRun(ctx context.Context, setup Setup) (*run, error) {
	r := &run{setup: setup, supply: &supply{Statements: setup.Statements}, wire: newWire(&setup)}
	var err error
	if r.profile, err = dcrclient.Find(setup.Profile); err != nil {
		return nil, err
	}
	r.setup.AuthMethod = cmp.Or(setup.AuthMethod, dcrclient.PrivateKeyJWT)
	if r.keys, err = newKeys(setup.SigningKey, setup.KeyID); err != nil {
		return nil, err
	}
	if err := r.discover(ctx); err != nil {
		return nil, err
	}
	r.supply.singleUse = r.profile.SingleUse
	return r, r.readPapers(ctx)
}

// discover completes the setup from the bank's discovery document (RFC 8414).
func (r *run) discover(ctx context.Context) error {
	if r.setup.Discovery != "" {
		asked := &request{Request: dcrclient.NewRequest(http.MethodGet, r.setup.Discovery), certificate: "own"}
		answer, err := r.wire.send(ctx, asked)
		if err != nil {
			return fmt.Errorf("the discovery document: %w", err)
		}
		document, err := dcrclient.ReadDiscovery(answer)
		if err != nil {
			return err
		}
		r.setup.Issuer = cmp.Or(r.setup.Issuer, document.Issuer)
		r.setup.Token = cmp.Or(r.setup.Token, document.Token)
		r.setup.Base = cmp.Or(r.setup.Base, document.Registration)
		r.offered = document.AuthMethods
	}
	if r.setup.Base == "" || r.setup.Token == "" {
		return errors.New("the bank's registration endpoint or its token endpoint is not known: --base, --token-endpoint or --discovery")
	}
	return nil
}

// readPapers reads the software statement and the transport certificate.
func (r *run) readPapers(ctx context.Context) error {
	text, err := r.supply.next(ctx)
	if err != nil {
		return err
	}
	r.supply.used = false
	r.software = dcrclient.Software{
		Profile: r.profile.Name, Audience: r.setup.Audience, RedirectURIs: r.setup.RedirectURIs,
		Transport: r.setup.Certificate, Signing: r.setup.SigningKey, SigningKeyID: r.setup.KeyID, StatementText: text,
	}
	papers, err := r.software.Values()
	if err != nil {
		return err
	}
	if _, err := papers.Fill("${dn}"); err != nil {
		return err
	}
	r.leaf = sha256.Sum256(r.setup.Certificate.Certificate[0])
	for name, claim := range map[string]string{"software_id": r.profile.Statement.SoftwareID, "redirect_uri": r.profile.Statement.RedirectURIs} {
		if value, err := papers.Fill("${" + name + "}"); err != nil || value == nil {
			return fmt.Errorf("the software statement has no %s", claim)
		}
	}
	redirects, err := papers["redirect_uris"]()
	if err != nil {
		return err
	}
	list, _ := redirects.([]string)
	r.several = len(list) > 1
	r.values = papers.With(dcrclient.Values{
		"issuer":         dcrclient.Constant(r.setup.Issuer),
		"token_endpoint": dcrclient.Constant(r.setup.Token),
		"random_jwk":     func() (any, error) { return r.keys.jwk() },
	})
	for name, template := range r.profile.Values {
		value, err := r.values.Fill(template)
		if err != nil {
			return fmt.Errorf("profiles.yaml, values: %w", err)
		}
		r.values[name] = dcrclient.Constant(value)
	}
	return nil
}
