package rule

import (
	"slices"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// EndsTokens reports whether an update of a client invalidates its access tokens: "The ASPSP must not invalidate long
// lived access tokens that are issued to the client" (OBIE DCR, PUT), unless what they depend on is gone: the grant, a
// role of the software product, or the name of the certificate that authenticated the client.
func EndsTokens(before, after *dcrpb.Client) bool {
	lost := func(had, has []string, wanted ...string) bool {
		return slices.ContainsFunc(wanted, func(one string) bool { return slices.Contains(had, one) && !slices.Contains(has, one) })
	}
	roles := before.GetSoftware().GetRoles()
	if lost(before.GetGrantTypes(), after.GetGrantTypes(), GrantClientCredentials) || lost(roles, after.GetSoftware().GetRoles(), roles...) {
		return true
	}
	was, is := before.GetTlsClientAuthSubjectDn(), after.GetTlsClientAuthSubjectDn()
	return was != "" && was != is && !sameName(was, is)
}

func sameName(a, b string) bool {
	nameA, errA := dn.Parse(a)
	nameB, errB := dn.Parse(b)
	return errA == nil && errB == nil && nameA.Matches(nameB, false)
}
