package tpp

import (
	"fmt"
	"slices"
)

// difference is what a fault is under a profile that has it in another way.
type difference struct {
	rules []string // that refuse it there
	not   string   // why it is not a fault there
}

// Why a fault does not apply if nothing is signed, and if the software statement determines the scope.
const (
	notSigned = "its requests are not signed"
	noScope   = "its requests have no scope: it is that of the software statement"
)

var differences = map[string]map[string]difference{
	"is-json": {
		"wrong-alg":   {not: notSigned},
		"alg-none":    {not: notSigned},
		"unsigned":    {not: notSigned},
		"revoked-key": {not: notSigned},
		"stale-key":   {not: notSigned},
	},
	"cdr-au": {
		"withdrawn-organisation": {not: "a statement of the register does not say how the organisation is: it signs none for one that is withdrawn"},
		"foreign-certificate":    {not: "a certificate of the CDR's CA names no software: who asks is proved by the signature of the request"},
		"foreign-software":       {rules: []string{"request.signature"}},
		"revoked-key":            {not: "there is no set of revoked keys: one that is taken out of the key set is a stale-key"},
		"too-many-scopes":        {not: noScope},
		"ten-mistakes":           {not: noScope},
	},
}

// FaultsOf returns the faults as they are under a profile; Not says why a fault does not apply there.
func FaultsOf(profile string) []Fault {
	faults := allFaults()
	for i := range faults {
		d, differs := differences[profile][faults[i].Name]
		if !differs {
			continue
		}
		if faults[i].Not = d.not; d.rules != nil {
			faults[i].Rules = d.rules
		}
	}
	return faults
}

// knownFault refuses a name that is not a fault under any profile.
func knownFault(name string) error {
	if slices.ContainsFunc(allFaults(), func(f Fault) bool { return f.Name == name }) {
		return nil
	}
	return fmt.Errorf("nothing is called %s: --break list says what can be broken", name)
}

// faultOf finds a fault that is known, as it is under a profile.
func faultOf(profile, name string) (*Fault, error) {
	faults := FaultsOf(profile)
	fault := &faults[slices.IndexFunc(faults, func(f Fault) bool { return f.Name == name })]
	if fault.Not != "" {
		return nil, fmt.Errorf("%s is not a fault under %s: %s", name, profile, fault.Not)
	}
	return fault, nil
}
