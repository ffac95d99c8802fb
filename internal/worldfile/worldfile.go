// Package worldfile is world.json, in which a sandbox publishes its addresses and files to clients in any language. Tools
// with a flag --world read it here; the sandbox writes it.
package worldfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Name is the file's name, in the sandbox's folder. It is written last: where it is, everything serves.
const Name = "world.json"

// World is what world.json says. Paths in it are relative to its folder.
type World struct {
	Profile  string `json:"profile"`
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	Gateway         // the first of the fleet
	ServerCA string `json:"server_ca"`

	TPPs      []dcrclient.Member `json:"tpps"`
	Directory Directory          `json:"directory"`
	Redis     string             `json:"redis"`
	Processes map[string]Process `json:"processes"`

	Others map[string]Papers `json:"worlds"`
	Fleet  []Gateway         `json:"fleet"`
}

// Gateway is a gate with its Envoy and its registry, and how to reach what is behind them.
type Gateway struct {
	Discovery     string   `json:"discovery"`
	Registration  string   `json:"registration_endpoint"`
	Token         string   `json:"token_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	Introspection string   `json:"introspection_endpoint"`
	JWKS          string   `json:"jwks_uri"`
	APIs          []API    `json:"apis"`
	Routes        string   `json:"routes"` // those of other gates than the first are links to the first one's
	Internal      Internal `json:"internal"`
	Logs          Logs     `json:"logs"`

	Registrations map[string]string `json:"registration_endpoints"` // of every profile
}

// At is the world as a client sees it that uses another gateway of the fleet, by its number from 1.
func (w *World) At(number int) *World {
	seen := *w
	seen.Gateway = w.Fleet[number-1]
	return &seen
}

// MarshalJSON also names each further gate's routes.yaml: routes-2 and so on.
func (w World) MarshalJSON() ([]byte, error) {
	type plain World
	text, err := json.Marshal(plain(w))
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(w.Fleet); i++ {
		name, err := json.Marshal(w.Fleet[i].Routes)
		if err != nil {
			return nil, err
		}
		text = fmt.Appendf(text[:len(text)-1], ",\"routes-%d\":%s}", i+1, name)
	}
	return text, nil
}

// Papers are the files and endpoints of a profile whose trust framework differs from that of the world's own profile.
type Papers struct {
	Registration string             `json:"registration_endpoint"`
	Audience     string             `json:"audience"`
	APIs         []API              `json:"apis"`
	TPPs         []dcrclient.Member `json:"tpps"`
	Directory    Directory          `json:"directory"`
}

// For is the world as it is for a profile: with its registration endpoint and, where it has papers of its own, with those.
func (w *World) For(profile string) (*World, error) {
	if profile == "" || profile == w.Profile {
		return w, nil
	}
	endpoint, ok := w.Registrations[profile]
	if !ok {
		return nil, fmt.Errorf("the sandbox has no profile %s; it has %s", profile, strings.Join(slices.Sorted(maps.Keys(w.Registrations)), ", "))
	}
	seen := *w
	seen.Profile, seen.Registration = profile, endpoint
	if papers, other := w.Others[profile]; other {
		seen.Audience, seen.APIs, seen.TPPs, seen.Directory = papers.Audience, papers.APIs, papers.TPPs, papers.Directory
	}
	return &seen, nil
}

// API is an API of the bank, behind the gateway.
type API struct {
	URL    string `json:"url"`
	Method string `json:"method"`
	Scope  string `json:"scope"`
}

// Directory says where the trust framework is, and where the keys lie that no one else has in the real world.
type Directory struct {
	Issuer         string `json:"issuer"`
	File           string `json:"file"` // what the gate reads of it
	API            string `json:"api"`
	JWKS           string `json:"jwks_url"`
	CA             string `json:"ca"`
	StatementKey   string `json:"ssa_signing_key"`
	StatementKeyID string `json:"ssa_kid"`
	StatementKeys  string `json:"ssa_jwks"` // the public keys, as at jwks_url
	RootCA         string `json:"root_ca"`
	IssuingCA      string `json:"issuing_ca_cert"`
	IssuingKey     string `json:"issuing_ca_key"`
	QTSP           string `json:"qtsp_ca_cert"` // of QWACs
	QTSPKey        string `json:"qtsp_ca_key"`
	RevocationList string `json:"crl_url"`
}

// Internal are the sockets behind Envoy.
type Internal struct {
	Gate     string `json:"gate"`
	Registry string `json:"registry"`
	Admin    string `json:"envoy_admin"`

	GateAdmin     string `json:"gate_admin"`
	RegistryAdmin string `json:"registry_admin"`
	Config        string `json:"xds"`
}

// Logs are the JSON lines of the parts that decide.
type Logs struct {
	Gate     string `json:"gate"`
	Registry string `json:"registry"`
	Envoy    string `json:"envoy"`
}

// Process says how a part was started, and starts again.
type Process struct {
	PID   int               `json:"pid"`
	Argv  []string          `json:"argv"`
	Under []string          `json:"under,omitempty"` // a command that Argv is appended to, and that becomes Argv's program: a recorder
	Env   map[string]string `json:"env"`             // added to the environment of whoever starts it
	Dir   string            `json:"dir"`
}

// Read reads the world of a folder.
func Read(dir string) (*World, error) {
	text, err := os.ReadFile(filepath.Join(dir, Name))
	if err != nil {
		return nil, err
	}
	var w World
	if err := json.Unmarshal(text, &w); err != nil {
		return nil, fmt.Errorf("%s: %w", Name, err)
	}
	return &w, nil
}
