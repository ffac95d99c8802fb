// Package filter holds the checks of the gate, one in each file, named after what it proves.
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

// A Filter is how a check of the table routes.Checks is carried out. It returns nil to let the chain go on, a *dcr.Error
// to refuse, and any other error to fail: all but nil deny. A filter that proves something writes it into the request's
// facts, and is the only one that writes that fact.
type Filter interface {
	Check(ctx context.Context, r *Request) error
}

// Ready is a route of routes.yaml with what is derived from it. Requests share it, and nobody changes it.
type Ready struct {
	*routes.Route
	Profile   *dcr.Profile  // of a registration route
	UsersFile string        // Users, relative to nothing
	Budget    time.Duration // of a decision
	Chain     []Step        // in the order in which they run; empty on a public route alone
}

// Step is a check with its filter.
type Step struct {
	Name   string
	Filter Filter
}

// Bound says whether the route's facts are bound to the one request: those are that the registry serves.
func (r *Ready) Bound() bool { return r.Endpoint != "" }

// A Request is what Envoy asked about, and what the filters have proved of it so far: each fact is its zero value until
// its filter has proved it.
type Request struct {
	ID      string // of the decision
	Now     time.Time
	Route   *Ready
	Method  string
	Target  string // path and query as they came
	Path    string // without the query
	Query   string
	Params  map[string]string // named segments of the route's path
	Header  http.Header       // every value as it came; canonical names
	Body    []byte
	PeerPEM string // the TLS client certificate as Envoy gives it, still percent-encoded

	Certificate  *trust.Certificate
	Token        *token.Token
	Client       *dcrpb.Client
	AuthMethod   string // how Client was authenticated at the token endpoint
	Registration *Registration
	UsedJTIs     []*dcrpb.UsedJTI
}

// Registration is a registration request with everything in it verified.
type Registration struct {
	Statement       *dcr.Statement
	Profile         *dcr.Profile
	CertificateType *dcr.CertificateType // of the certificate that was bound to the statement
	DryRun          bool                 // is only tried: nothing may come of it
}
