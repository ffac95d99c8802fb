package registry

import (
	"context"
	"net/http"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// line is the log line of one request.
type line struct {
	start       time.Time
	interaction string
	facts       *dcrpb.Facts // nil until they are verified
	help        string       // URL of the page that explains refusals, once the version is known
	refusal     *dcr.Error   // nil if the request succeeded
	status      int
	registered  string // id of the client that the request created or already had

	operation, profile, directory string // for the metrics; "" while they are not known
	outcome                       string // instead of decision.Done; "" if it is that
}

func (g *Registry) logDecision(ctx context.Context, l *line) {
	logged := decision.Line{
		ID: l.facts.GetJti(), Route: l.facts.GetRoute(), Version: l.facts.GetVersion(), Interaction: l.interaction,
		Method: l.facts.GetRequest().GetMethod(), Outcome: decision.Done, Status: l.status, Took: g.parts.Now().Sub(l.start),
		Client: l.client(), Software: l.software(), Certificate: l.facts.GetCertificate().GetThumbprint(),
	}
	if r := l.refusal; r != nil {
		logged.Outcome, logged.Rule, logged.Code, logged.Cause = decision.Refused, r.Rule, r.Code, r.Cause
		if l.status >= http.StatusInternalServerError {
			logged.Outcome = decision.Failed
		}
		logged.Findings = r.Findings()
	}
	g.metrics.count(l, &logged)
	logged.Write(ctx, g.parts.Log)
	logged.Describe(ctx)
}

func (l *line) client() string {
	if l.registered != "" {
		return l.registered
	}
	return l.facts.GetClient().GetId()
}

func (l *line) software() string {
	if registration := l.facts.GetRegistration(); registration != nil {
		return registration.GetSoftware().GetId()
	}
	return l.facts.GetClient().GetSoftware().GetId()
}
