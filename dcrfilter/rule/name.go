package rule

import (
	"strings"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// shownNames are the members that customers see.
var shownNames = []string{"client_name", "ext_application_display_name"}

// "Unless used as a claim in a software statement, the authorization server MUST treat all client metadata as
// self-asserted. For instance, a rogue client might use the name and logo of a legitimate client that it is trying to
// impersonate" (RFC 7591, section 5): a name must be that of the software statement. A client that cannot write all its
// characters may replace each that is neither a letter nor a digit by an underscore.
func clientName(r *dcr.Registration) error {
	claim := r.Directory.Claims.SoftwareName
	known, err := optional(r.Statement.Claims, claim, r.Statement.Claims.String)
	if err != nil {
		return dcr.RefuseStatement("client_name.statement", claim).CausedBy(err)
	}
	var found []error
	for _, name := range shownNames {
		asked, err := optional(r.Request, name, r.Request.String)
		if err != nil {
			return err
		}
		if r.Request.Has(name) && asked != known && asked != underscored(known) {
			found = append(found, dcr.Refuse("client_name", name).At("/"+name))
		}
	}
	return dcr.Join(found...)
}

func underscored(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, name)
}
