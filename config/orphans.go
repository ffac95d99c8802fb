package config

import (
	"errors"
	"slices"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// maxMissing bounds how many names a status shows.
const maxMissing = 10

// Missing is what a client's record names and the version lacks: "profile obie-3.2", or "" where nothing is missing.
func (v *Version) Missing(client *dcrpb.Client) string {
	if v.Profiles[client.GetProfile()] == nil {
		return "profile " + client.GetProfile()
	}
	if v.Directory(client.GetSoftware().GetDirectory()) == nil {
		return "directory " + client.GetSoftware().GetDirectory()
	}
	return ""
}

// Orphans notes clients that no request can be decided for, because the version lacks what their records name. That is our
// fault and not the client's, who can do nothing about it. It is safe for concurrent use; its zero value is ready.
type Orphans struct {
	mu   sync.Mutex
	seen OrphanStatus
}

// OrphanStatus is what an operator learns of orphans.
type OrphanStatus struct {
	Requests uint64   `json:"requests"`          // that failed because of it
	Missing  []string `json:"missing,omitempty"` // the last names that were missing
}

// Check refuses, as a fault of ours, where the version lacks what the client's record names.
func (o *Orphans) Check(v *Version, client *dcrpb.Client) error {
	missing := v.Missing(client)
	if missing == "" {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.seen.Requests++
	if !slices.Contains(o.seen.Missing, missing) {
		o.seen.Missing = append(o.seen.Missing[max(0, len(o.seen.Missing)-maxMissing+1):], missing)
	}
	return dcr.Refuse("client.orphaned").CausedBy(errors.New("the client's record names what the configuration lacks: " + missing))
}

// Status returns what was noted since the start.
func (o *Orphans) Status() OrphanStatus {
	o.mu.Lock()
	defer o.mu.Unlock()
	return OrphanStatus{Requests: o.seen.Requests, Missing: slices.Clone(o.seen.Missing)}
}
