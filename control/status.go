package control

import (
	"time"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/store"
	"github.com/dcr-gateway/dcr-gateway/envoy/xds"
	"github.com/dcr-gateway/dcr-gateway/extauthz/chains"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// Status says what a part runs on, and why it is not what is on disk, if it is not.
type Status struct {
	Version      string                   `json:"version"`
	Since        time.Time                `json:"since"`
	Routes       int                      `json:"routes"`
	Entry        int                      `json:"entry"`  // its number in the history; 0 if it is not there
	Source       string                   `json:"source"` // FromFile, or FromHistory for the last good version or one rolled back to
	Healthy      bool                     `json:"healthy"`
	Why          string                   `json:"why,omitempty"` // why it is not healthy
	File         FileStatus               `json:"file"`
	LastError    string                   `json:"last_error,omitempty"`
	LastErrorAt  *time.Time               `json:"last_error_at,omitempty"`
	Certificates string                   `json:"certificates,omitempty"` // why Envoy does not use the certificates on disk; "" if it does
	Rollback     int                      `json:"rollback,omitempty"`     // the entry that was rolled back to
	Known        []string                 `json:"known,omitempty"`        // versions that the gate accepts requests under
	Store        store.Health             `json:"store"`
	Envoys       []xds.Envoy              `json:"envoys,omitempty"`
	Directories  []chains.DirectoryHealth `json:"directories,omitempty"` // whether they can be reached
	Orphans      config.OrphanStatus      `json:"orphans"`               // clients whose profile or directory the configuration lacks
	Reloads      uint64                   `json:"reloads"`               // versions activated since the start
	Refusals     uint64                   `json:"refusals"`              // versions rejected since the start
}

// fault adds a reason why the part is not healthy, if there is one.
func (s *Status) fault(why string) {
	switch {
	case why == "":
	case s.Healthy:
		s.Healthy, s.Why = false, why
	default:
		s.Why += "; " + why
	}
}

// FileStatus is the file on disk, and why it is not active if it is not.
type FileStatus struct {
	Path     string            `json:"path"`
	Version  string            `json:"version,omitempty"`
	Refused  string            `json:"refused,omitempty"` // why it is not active; "" if it is
	Problems yamlfile.Problems `json:"problems,omitempty"`
	Warnings yamlfile.Problems `json:"warnings,omitempty"`
}

// Entry is a version of the history.
type Entry struct {
	N       int       `json:"n"`
	Version string    `json:"version"`
	Time    time.Time `json:"time"`
	Note    string    `json:"note"`
	Live    bool      `json:"live"`
}

// Where a version came from.
const (
	FromFile    = "file"
	FromHistory = "history"
)
