package registry

import (
	"fmt"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// "The Preference-Applied response header MAY be included within a response message as an indication as to which Prefer
// tokens were honored by the server" (RFC 7240, section 3): without it a client could not tell a try from the deed.
const (
	preferenceApplied = "Preference-Applied"
	dryRun            = "dry-run"
)

// tried says whether the request is only to be tried: nothing may be stored, and no jti burnt.
func (r *request) tried() bool { return r.facts.GetRegistration().GetDryRun() }

// wouldBe answers with what would have been registered. There is no client, so it has no id.
func wouldBe(document []byte) (answer, error) {
	registered, err := strictjson.Parse(document)
	if err != nil {
		return answer{}, fmt.Errorf("what would be registered: %w", err)
	}
	delete(registered, "client_id")
	delete(registered, "client_id_issued_at")
	body, err := rule.Encode(registered)
	if err != nil {
		return answer{}, fmt.Errorf("what would be registered: %w", err)
	}
	tried := secret(http.StatusOK, body)
	tried.header.Set(preferenceApplied, dryRun)
	return tried, nil
}
