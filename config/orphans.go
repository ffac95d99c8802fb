package config

import (
	"errors"
	"slices"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// maxMissing bounds how many names a status lists.
const maxMissing = 10

// Missing returns what a client's record names and the version lacks: "profile obie-3.2", or "" if nothing is missing.
func (v *Version) Missing(client *dcrpb.Client) string {
	if v.Profiles[client.GetProfile()] == nil {
		return "profile " + client.GetProfile()
	}
	if v.Directory(client.GetSoftware().GetDirectory()) == nil {
		return "directory " + client.GetSoftware().GetDirectory()
	}
	return ""
}

// Orphans counts requests of clients whose records name a profile or directory that the version lacks. That is the
// operator's fault, not the client's. It is safe for concurrent use; its zero value is ready.
type Orphans struct {
	mu   sync.Mutex
	seen OrphanStatus
}

// OrphanStatus is what a status says about orphans.
type OrphanStatus struct {
	Requests uint64   `json:"requests"`          // that failed for this reason
	Missing  []string `json:"missing,omitempty"` // the names last found missing
}

// Profile returns the profile that the client's record names. Its error is our fault (503): the version lacks the
// profile or the directory.
func (o *Orphans) Profile(v *Version, client *dcrpb.Client) (*dcr.Profile, error) {
	missing := v.Missing(client)
	if missing == "" {
		return v.Profiles[client.GetProfile()], nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen.Requests++
	if !slices.Contains(o.seen.Missing, missing) {
		o.seen.Missing = append(o.seen.Missing[max(0, len(o.seen.Missing)-maxMissing+1):], missing)
	}
	return nil, dcr.Refuse("client.orphaned").CausedBy(errors.New("the client's record names what the configuration lacks: " + missing))
}

// Status returns the counts since the start.
func (o *Orphans) Status() OrphanStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	return OrphanStatus{Requests: o.seen.Requests, Missing: slices.Clone(o.seen.Missing)}
}
