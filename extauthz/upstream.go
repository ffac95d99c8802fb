package extauthz

import (
	"fmt"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/facts"
)

// The request headers that the gate sets. Envoy removes a client's own x-dcr-* headers before it asks.
const (
	clientHeader      = "x-dcr-client-id"
	softwareHeader    = "x-dcr-software-id"
	orgHeader         = "x-dcr-org-id"
	scopesHeader      = "x-dcr-scopes"
	rolesHeader       = "x-dcr-roles"
	certificateHeader = "x-dcr-certificate"
)

type header struct{ name, value string }

// upstreamHeaders returns the headers that carry the facts to the upstream of a route.
func (f *factory) upstreamHeaders(version string, r *filter.Request) ([]header, error) {
	switch r.Route.Facts {
	case routes.FactsSigned:
		compact, err := f.signed(version, r)
		return []header{{facts.Header, compact}}, err
	case routes.FactsHeaders:
		return plain(r)
	case routes.FactsNone:
		return nil, nil
	}
	return nil, fmt.Errorf("route %s does not say what its upstream receives", r.Route.Name)
}

// plain returns the proved facts as headers. Elements of a list are separated by spaces.
func plain(r *filter.Request) ([]header, error) {
	client, certificate := clientFacts(r), certificateFacts(r)
	var proved []header
	for _, fact := range []struct {
		name   string
		values []string
	}{
		{clientHeader, []string{client.GetId()}}, {softwareHeader, []string{client.GetSoftwareId()}}, {orgHeader, []string{client.GetOrgId()}},
		{scopesHeader, client.GetScopes()}, {rolesHeader, client.GetRoles()}, {certificateHeader, []string{certificate.GetThumbprint()}},
	} {
		value := strings.Join(fact.values, " ")
		if value == "" {
			continue
		}
		for _, one := range fact.values {
			if !isVisible(one) {
				return nil, fmt.Errorf("the value of %s cannot be sent in a header", fact.name)
			}
		}
		proved = append(proved, header{fact.name, value})
	}
	return proved, nil
}

// isVisible reports whether a text is one word of visible ASCII, which every server behind the gate reads in the same way.
func isVisible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return text != ""
}
