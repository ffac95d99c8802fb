package rule

import (
	"fmt"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// "this must match or be a subset of the redirect URIs in the SSA. Each of the URIs must adhere to the following rules:
// The URI MUST use the https scheme. The URI MUST NOT contain a host with a value of localhost. If the [redirect_uris]
// metadata element is omitted from the request, the entire contents of the software_redirect_uris element in the SSA are
// considered to be requested by the TPP" (OBIE DCR, Data Dictionary, redirect_uris), and are checked as well.
func redirectURIs(r *dcr.Registration) error {
	if !r.Request.Has("redirect_uris") {
		return checkRedirects(r, r.Statement.RedirectURIs, func(int) string { return "/software_statement" })
	}
	uris, err := r.Request.Strings("redirect_uris")
	if err != nil {
		return dcr.Refuse("redirect_uris.type").At("/redirect_uris").CausedBy(err)
	}
	return checkRedirects(r, uris, func(i int) string { return fmt.Sprintf("/redirect_uris/%d", i) })
}

func checkRedirects(r *dcr.Registration, uris []string, pointer func(int) string) error {
	if len(uris) == 0 {
		return dcr.Refuse("redirect_uris.empty").At("/redirect_uris")
	}
	var found []error
	for i, uri := range uris {
		if refusal := checkRedirect(r, uri); refusal != nil {
			found = append(found, refusal.At(pointer(i)))
		}
	}
	return dcr.Join(found...)
}

func checkRedirect(r *dcr.Registration, uri string) *dcr.Error {
	wrong := checkURI(uri)
	switch {
	case wrong != "":
		return dcr.Refuse(wrong)
	// RFC 6749, section 3.1.2.3, compares "using simple string comparison": byte by byte.
	case !slices.Contains(r.Statement.RedirectURIs, uri):
		return dcr.Refuse("redirect_uris.statement", r.Directory.Claims.RedirectURIs)
	}
	return nil
}
