// Package filter holds the checks of the gate, one in each file, named after what it proves.
package filter

import (
	"context"
	"net/http"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/token"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// A Filter checks one thing about a request. It returns nil to let the chain go on, a *dcr.Error to refuse, and any
// other error to fail: all but nil deny. A filter that proves something writes it into the request's facts, and is the
// only one that writes that fact.
type Filter interface {
	Name() string
	Needs() []string // filters whose facts it reads; a route must name them too
	Check(ctx context.Context, r *Request) error
}

// A Request is what Envoy asked about, and what the filters have proved of it so far: each fact is its zero value until
// its filter has proved it.
type Request struct {
	ID      string // of the decision
	Now     time.Time
	Route   Route
	Method  string
	Target  string // path and query as they came
	Path    string // without the query
	Query   string
	Params  map[string]string // named segments of the route's path
	Header  http.Header       // every value as it came; canonical names
	Body    []byte
	PeerPEM string // the TLS client certificate as Envoy gives it, still percent-encoded

	Certificate  *Certificate
	Token        *token.Token
	Client       *dcrpb.Client
	AuthMethod   string // how Client was authenticated at the token endpoint
	Registration *Registration
	Nonces       []*dcrpb.Nonce
}

// Route is what a filter may know of the route a request met.
type Route struct {
	Name        string
	Profile     *dcr.Profile // on registration routes
	Directories []string     // names of the directories whose software may register; all of them when empty
	Scopes      []string     // each of them is needed
	Roles       []string     // each of them is needed
	DryRun      bool         // a registration may be tried
	Users       string       // file of names and passwords; "" where none are asked
}

// Certificate is a TLS client certificate that verified, and under which directories' kinds.
type Certificate struct {
	*cert.Certificate
	Trusts []Trust // at least one
}

// Trust names a directory and the kind of its certificates that this one is.
type Trust struct{ Directory, Profile string }

// Registration is a registration request with everything in it verified.
type Registration struct {
	Statement          *dcr.Statement
	Profile            *dcr.Profile
	CertificateProfile string // the kind of certificate that was bound to the statement
	DryRun             bool   // is only tried: nothing may come of it
}
