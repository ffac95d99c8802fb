package config

import (
	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
)

// Schema returns the JSON Schema (2020-12) of one kind of the files that a version is made of: routes, directory or profile.
// It is nil for any other kind.
func Schema(kind string) []byte {
	switch kind {
	case "routes":
		return routes.Schema()
	case "directory":
		return directory.Schema()
	case "profile":
		return profile.Schema()
	}
	return nil
}
