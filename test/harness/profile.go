package harness

import (
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

// at is the world for the profile of the software product: its registration endpoint, its directory, its APIs.
func (s *Software) at() *worldfile.World {
	seen, err := s.World.File.For(s.Profile)
	if err != nil {
		return s.World.File // Enrol has refused such a profile
	}
	return seen
}

// RegistrationURL is the registration endpoint.
func (s *Software) RegistrationURL() string { return s.at().Registration }

// ClientURL is where a client is read, updated and deleted.
func (s *Software) ClientURL(id string) string { return dcrclient.ClientURL(s.RegistrationURL(), id) }

// API is an API of the bank that the software product may call with GET.
func (s *Software) API() worldfile.API { return s.at().APIs[0] }

// TokenScope is the scope to ask for, so that a token is valid for the registration and the API; "" where the default is all
// that the client is registered for.
func (s *Software) TokenScope() string {
	scope := must(dcrclient.Find(s.Profile)).TokenScope
	if scope != "" {
		scope += " " + s.API().Scope
	}
	return scope
}
