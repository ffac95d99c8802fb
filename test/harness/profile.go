package harness

import (
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/sandbox/worldfile"
)

// at is the world as it is for the software's profile: its registration endpoint, its directory, its APIs.
func (s *Software) at() *worldfile.World {
	seen, err := s.World.File.For(s.Profile)
	if err != nil {
		return s.World.File // Enrol has refused such a profile
	}
	return seen
}

// RegistrationURL is where the software registers.
func (s *Software) RegistrationURL() string { return s.at().Registration }

// ClientURL is where a client of the software is read, updated and deleted.
func (s *Software) ClientURL(id string) string { return dcrclient.ClientURL(s.RegistrationURL(), id) }

// API is one that the software may call with GET.
func (s *Software) API() worldfile.API { return s.at().APIs[0] }

// TokenScope is what a token must be asked for by name, to be good for the registration and the API; "" where all that the
// client is registered for is the default.
func (s *Software) TokenScope() string {
	scope := must(dcrclient.Find(s.Profile)).TokenScope
	if scope != "" {
		scope += " " + s.API().Scope
	}
	return scope
}
