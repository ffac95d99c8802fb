package desk

import (
	"cmp"
	"encoding/json"
	"path/filepath"
)

// papers are the files of a sandbox that flags name otherwise, as its world.json has them.
type papers struct {
	Audience  string `json:"audience"`
	Directory struct {
		File string `json:"file"`
		JWKS string `json:"ssa_jwks"`
	} `json:"directory"`
	TPPs []struct {
		SoftwareID  string `json:"software_id"`
		Certificate string `json:"transport_cert"`
		JWKS        string `json:"jwks_file"`
	} `json:"tpps"`
}

// fromWorld fills in the flags that were left out, for the profile that is asked for or else the sandbox's own.
func (c *call) fromWorld(request *request) error {
	if c.world == "" {
		return nil
	}
	text, err := read(filepath.Join(c.world, "world.json"))
	if err != nil {
		return err
	}
	var world struct {
		Profile string            `json:"profile"`
		Others  map[string]papers `json:"worlds"` // of profiles with another directory
		papers
	}
	if err := json.Unmarshal(text, &world); err != nil {
		return unusable("the sandbox's world.json: %w", err)
	}
	c.profile = cmp.Or(c.profile, world.Profile)
	has, other := world.Others[c.profile]
	if !other {
		has = world.papers
	}
	fill := func(flag *string, name string) {
		if *flag == "" && name != "" {
			*flag = filepath.Join(c.world, name)
		}
	}
	fill(&c.directory, has.Directory.File)
	fill(&c.jwks, has.Directory.JWKS)
	if len(c.audiences) == 0 && has.Audience != "" {
		c.audiences = []string{has.Audience}
	}
	if request.statement == nil {
		return nil
	}
	id, _ := request.statement.Claims.String("software_id") // if it is absent, the gate refuses the statement
	for _, tpp := range has.TPPs {
		if tpp.SoftwareID == id {
			fill(&c.certificate, tpp.Certificate)
			fill(&c.softwareJWKS, tpp.JWKS)
		}
	}
	return nil
}
