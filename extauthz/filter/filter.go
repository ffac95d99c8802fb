// Package filter implements the gate's checks of a request, one in each file, named after what it proves. Use it through
// extauthz/chains, which gives each route its checks. Rules about the content of a registration are in dcrfilter/rule.
package filter

import (
	"context"
	"net/http"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// A Filter carries out a check of the table routes.Checks. It returns nil to continue the chain, a *dcr.Error to
// refuse, and any other error to fail: every error denies. A filter writes what it proves into the request's facts. No
// other filter writes the same fact.
type Filter interface {
	Check(ctx context.Context, r *Request) error
}

// Ready is a route of routes.yaml with what is derived from it. Requests share it; it must not change.
type Ready struct {
	*routes.Route
	Profile   *dcr.Profile  // of a registration route
	UsersFile string        // absolute path of Users
	Budget    time.Duration // of a decision
	Chain     []Step        // in the order in which they run; empty only on a public route
}

// Step is a check with its filter.
type Step struct {
	Name   string
	Filter Filter
}

// Bound reports whether the route's facts are bound to one request. This applies to the routes that the registry
// serves.
func (r *Ready) Bound() bool { return r.Endpoint != "" }

// A Request is a request that Envoy asks about, with what the filters have proved so far. Each fact has its zero value
// until its filter has proved it.
type Request struct {
	ID      string // of the decision
	Now     time.Time
	Route   *Ready
	Method  string
	Target  string // path and query as received
	Path    string // without the query
	Query   string
	Params  map[string]string // named segments of the route's path
	Header  http.Header       // values as received; canonical names
	Body    []byte
	PeerPEM string // the TLS client certificate as Envoy gives it, still percent-encoded

	Certificate   *trust.Certificate
	Token         *token.Token
	Client        *dcrpb.Client
	ClientProfile *dcr.Profile // that the record of Client names; only of a client to be managed
	AuthMethod    string       // how Client was authenticated at the token endpoint
	Registration  *Registration
	Stated        *dcr.Software // by a verified software statement, of a registration that may still be refused; for the log
	UsedJTIs      []*dcrpb.UsedJTI
}

// Registration is a registration request with all its parts verified.
type Registration struct {
	Statement       *dcr.Statement
	Profile         *dcr.Profile
	CertificateType *dcr.CertificateType // type of the certificate that was bound to the statement
	DryRun          bool                 // validate only: nothing may be stored
}
