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
		return redirect(r, "type", "be strings in an array").CausedBy(err)
	}
	return checkRedirects(r, uris, func(i int) string { return fmt.Sprintf("/redirect_uris/%d", i) })
}

func checkRedirects(r *dcr.Registration, uris []string, pointer func(int) string) error {
	if len(uris) == 0 {
		return redirect(r, "empty", "have at least one item: name one, or leave the member out for all of the software statement")
	}
	var found []error
	for i, uri := range uris {
		if refusal := checkRedirect(r, uris[:i], uri); refusal != nil {
			found = append(found, refusal.At(pointer(i)))
		}
	}
	return dcr.Join(found...)
}

func checkRedirect(r *dcr.Registration, before []string, uri string) *dcr.Error {
	wrong := checkURI(uri)
	switch {
	case wrong != nil:
		return redirect(r, wrong.rule, "each "+wrong.must)
	// RFC 6749, section 3.1.2.3, compares "using simple string comparison": byte by byte.
	case !slices.Contains(r.Statement.RedirectURIs, uri):
		return redirect(r, "statement", "each be among the "+r.Directory.Claims.RedirectURIs+" of the software statement, letter by letter")
	case slices.Contains(before, uri):
		return redirect(r, "duplicate", "each be named once")
	}
	return nil
}

// redirect is a refusal of a redirect URI: "The value of one or more redirection URIs is invalid" (RFC 7591, section
// 3.2.2).
func redirect(r *dcr.Registration, rule, must string) *dcr.Error {
	return dcr.Refuse(dcr.InvalidRedirectURI, "redirect_uris."+rule, "redirect_uris must "+must).
		At("/redirect_uris").Per(dataDictionary(r) + ", redirect_uris")
}
