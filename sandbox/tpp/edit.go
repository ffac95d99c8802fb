package tpp

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

// edit is what is changed in a JWT.
type edit struct {
	algorithm string                   // what alg says: RS256 is signed so, all else with PS256
	unsigned  bool                     // the signature is cut off
	times     map[string]time.Duration // claims, from now
	claims    map[string]any
	omit      []string
}

// apply changes claims.
func (e edit) apply(claims map[string]any) {
	now := time.Now()
	for name, ahead := range e.times {
		claims[name] = now.Add(ahead).Unix()
	}
	maps.Copy(claims, e.claims)
	for _, name := range e.omit {
		delete(claims, name)
	}
}

// changes are the same for the directory.
func (e edit) changes() (directory.Changes, error) {
	changes := directory.Changes{Claims: map[string]json.RawMessage{}, Omit: e.omit}
	claims := map[string]any{}
	e.apply(claims)
	for name, value := range claims {
		text, err := json.Marshal(value)
		if err != nil {
			return changes, err
		}
		changes.Claims[name] = text
	}
	if e.algorithm != "" {
		changes.Header = map[string]json.RawMessage{"alg": json.RawMessage(`"` + e.algorithm + `"`)}
	}
	return changes, nil
}
