package registry

import (
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// "The Preference-Applied response header MAY be included within a response message as an indication as to which Prefer
// tokens were honored by the server" (RFC 7240, section 3): without it a client could not tell a dry run from a
// registration.
const (
	preferenceApplied = "Preference-Applied"
	dryRun            = "dry-run"
)

// tried reports whether the request is a dry run: nothing may be stored and no jti marked as used.
func (r *request) tried() bool { return r.facts.GetRegistration().GetDryRun() }

// wouldBe answers with what would have been registered. No client exists, so there is no client_id.
func (r *request) wouldBe(document strictjson.Object) (answer, error) {
	r.line.outcome = outcomeDryRun
	delete(document, "client_id")
	delete(document, "client_id_issued_at")
	tried, err := secretObject(http.StatusOK, document)
	if err != nil {
		return answer{}, err
	}
	tried.header.Set(preferenceApplied, dryRun)
	return tried, nil
}
