package world

import (
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
)

// tppCount is how many TPPs a world has of its own framework: two softwares of one organisation and one of another. Of
// any other framework it has one, as making keys takes time.
const tppCount = 3

// role is a TPP of a world, before there is one.
type role struct {
	folder string
	order  directory.Order
}

// casting are the TPPs of a framework.
func casting(dialect directory.Dialect, own bool) []role {
	first, second := dialect.NewOrganisationID(), dialect.NewOrganisationID()
	cast := []role{
		{tppFolder(dialect, own, 0), directory.Order{OrgID: first}}, // with all roles
		{tppFolder(dialect, own, 1), directory.Order{OrgID: first, Roles: fewer[dialect.Name]}},
		{tppFolder(dialect, own, 2), directory.Order{OrgID: second, Roles: fewer[dialect.Name]}},
	}
	for i := range cast {
		site := "https://" + cast[i].folder + ".example.com"
		cast[i].order.RedirectURIs = []string{site + "/callback"}
		if i == 0 {
			cast[i].order.RedirectURIs = append(cast[i].order.RedirectURIs, site+"/return")
		}
	}
	if !own {
		return cast[:1]
	}
	return cast
}

// fewer are roles by dialect; there is but one role in some.
var fewer = map[string][]string{directory.OBIE().Name: {"AISP", "PISP"}}

// tppFolder is where a TPP's papers are.
func tppFolder(dialect directory.Dialect, own bool, index int) string {
	if own {
		return fmt.Sprintf("tpp-%d", index+1)
	}
	return fmt.Sprintf("tpp-%s-%d", dialect.Name, index+1)
}

// tppFolders are all that any world may have.
func tppFolders() []string {
	var all []string
	for i := range tppCount {
		all = append(all, tppFolder(directory.Dialect{}, true, i))
	}
	for _, dialect := range directory.Dialects() {
		all = append(all, tppFolder(dialect, false, 0))
	}
	return all
}
