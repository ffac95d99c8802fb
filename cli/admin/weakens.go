package admin

import "github.com/dcr-gateway/dcr-gateway/config/routes"

// weakens says why less is protected after a change of a key than before; "" where that is not so.
func weakens(part string, d detail) string {
	gone := d.Old != "" && d.New == ""
	switch part + "." + d.Key {
	case "route.checks":
		return ifAny(d.Removed, "what is not checked is let through")
	case "route.scopes":
		return ifAny(d.Removed, "tokens without this scope are let through")
	case "route.roles":
		return ifAny(d.Removed, "software without this role is let through")
	case "route.public":
		return when(d.New == "true", "anybody may ask for it")
	case "route.plan":
		return when(gone, "nothing limits how often it is asked")
	case "plan.per_source", "plan.per_client":
		return when(gone, "a limit is gone")
	case "rate_limit_service.address":
		return when(gone, "nothing counts for the whole fleet")
	case "listener.client_certificate":
		return when(d.New == routes.CertificateNone, "clients need no certificate")
	case "listener.tls_minimum":
		return when(d.New < d.Old, "an older TLS is spoken")
	case "listener.server_names":
		return when(gone, "any server name is served")
	case "upstream.tls.ca":
		return when(gone, "the way to the upstream is not protected")
	}
	return ""
}

func when(so bool, why string) string {
	if so {
		return why
	}
	return ""
}

func ifAny(list []string, why string) string { return when(len(list) > 0, why) }
