package control

import (
	"errors"
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/config"
	"github.com/dcr-gateway/dcr-gateway/internal/history"
)

// StartsOn returns the version that a gate with this routes file and state folder starts on: the file or, if that is
// refused or set aside, the last good version; refused then says why. It is an error if there is neither, or if a gate
// uses the folder now. It activates nothing and changes no file.
func StartsOn(path, state string) (version *config.Version, refused, err error) {
	versions, err := history.Open(state)
	if err != nil {
		return nil, nil, fmt.Errorf("state: %w", err)
	}
	defer func() { err = errors.Join(err, versions.Close()) }()
	now := versions.State()
	version, refused = config.Look(path)
	if refused == nil && version.ID() == now.Aside {
		refused = errors.New("set aside: " + now.Why)
	}
	switch {
	case refused == nil:
		return version, nil, nil
	case now.Live == 0:
		return nil, nil, refused
	}
	version, err = kept(versions, now.Live, path)
	return version, refused, err
}
