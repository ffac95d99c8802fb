package dcr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// refusal is one that no catalogue has.
func refusal(class dcr.Class, rule, because string) *dcr.Error {
	return &dcr.Error{Class: class, Rule: rule, Because: because}
}

func cited(e *dcr.Error, clause string) *dcr.Error {
	e.Clause = clause
	return e
}

var answers = []struct {
	name   string
	err    *dcr.Error
	help   string
	status int
	body   string
	header map[string]string // "" wants the header absent
}{
	{
		name:   "a refused registration",
		err:    cited(refusal(dcr.InvalidRedirectURI, "redirect_uris.https", "must be https").At("/redirect_uris/1"), "OBIE DCR 3.3"),
		status: 400,
		body: `{"error":"invalid_redirect_uri","error_description":"must be https",` +
			`"error_details":[{"rule":"redirect_uris.https","pointer":"/redirect_uris/1","description":"must be https","clause":"OBIE DCR 3.3"}]}`,
		header: map[string]string{"WWW-Authenticate": "", "Allow": "", "Retry-After": ""},
	},
	{
		name: "several findings",
		err: dcr.Join(cited(refusal(dcr.InvalidClientMetadata, "audience", "aud is wrong").At("/aud"), "A"), nil,
			dcr.Join(cited(refusal(dcr.InvalidRedirectURI, "redirect_uris.https", "must be https").At("/redirect_uris/1"), "B"))).(*dcr.Error),
		status: 400,
		body: `{"error":"invalid_client_metadata","error_description":"aud is wrong (the first of 2 findings, see error_details)","error_details":[` +
			`{"rule":"audience","pointer":"/aud","description":"aud is wrong","clause":"A"},` +
			`{"rule":"redirect_uris.https","pointer":"/redirect_uris/1","description":"must be https","clause":"B"}]}`,
	},
	{
		name: "with a page that explains it", err: dcr.Refuse("content_encoding"), help: "https://bank.example/errors", status: 415,
		body: `{"error":"unsupported_media_type","error_description":"the body must not have a Content-Encoding","error_details":[` +
			`{"rule":"content_encoding","description":"the body must not have a Content-Encoding",` +
			`"fix":"Send the body uncompressed and leave Content-Encoding out.","clause":"RFC 9110, section 8.4",` +
			`"help":"https://bank.example/errors#content_encoding"}]}`,
	},
	{
		name: "no token", err: refusal(dcr.NoToken, "bearer.missing", "an access token is needed"), status: 401,
		body:   `{"error":"unauthorized","error_description":"an access token is needed","error_details":[{"rule":"bearer.missing","description":"an access token is needed"}]}`,
		header: map[string]string{"WWW-Authenticate": `Bearer realm="dcr"`},
	},
	{
		name: "no user", err: refusal(dcr.NoCredential, "basic.missing", "no"), status: 401,
		body:   `{"error":"unauthorized","error_description":"no","error_details":[{"rule":"basic.missing","description":"no"}]}`,
		header: map[string]string{"WWW-Authenticate": `Basic realm="dcr", charset="UTF-8"`},
	},
	{
		name: "invalid token", err: refusal(dcr.Class{401, "invalid_token"}, "bearer.expired", "the token has expired"), status: 401,
		body:   `{"error":"invalid_token","error_description":"the token has expired","error_details":[{"rule":"bearer.expired","description":"the token has expired"}]}`,
		header: map[string]string{"WWW-Authenticate": `Bearer realm="dcr", error="invalid_token", error_description="the token has expired"`},
	},
	{
		name: "insufficient scope",
		err: func() *dcr.Error {
			refusal := refusal(dcr.Class{403, "insufficient_scope"}, "scope", "the token lacks a scope")
			refusal.Scope = "accounts"
			return refusal
		}(),
		status: 403,
		body:   `{"error":"insufficient_scope","error_description":"the token lacks a scope","error_details":[{"rule":"scope","description":"the token lacks a scope"}]}`,
		header: map[string]string{"WWW-Authenticate": `Bearer realm="dcr", error="insufficient_scope", error_description="the token lacks a scope", scope="accounts"`},
	},
	{
		name: "forbidden", err: refusal(dcr.Forbidden, "certificate", "no"), status: 403,
		body:   `{"error":"access_denied","error_description":"no","error_details":[{"rule":"certificate","description":"no"}]}`,
		header: map[string]string{"WWW-Authenticate": `Bearer realm="dcr"`},
	},
	{
		name: "invalid client", err: refusal(dcr.InvalidClient, "clientauth", "no"), status: 401,
		body:   `{"error":"invalid_client","error_description":"no","error_details":[{"rule":"clientauth","description":"no"}]}`,
		header: map[string]string{"WWW-Authenticate": `Bearer realm="token", error="invalid_client", error_description="no"`},
	},
	{
		name: "method not allowed",
		err: func() *dcr.Error {
			refusal := refusal(dcr.Class{405, "method_not_allowed"}, "route.method", "no")
			refusal.Allow = []string{"GET", "PUT"}
			return refusal
		}(),
		status: 405,
		body:   `{"error":"method_not_allowed","error_description":"no","error_details":[{"rule":"route.method","description":"no"}]}`,
		header: map[string]string{"Allow": "GET, PUT"},
	},
	{
		name: "misdirected", err: refusal(dcr.Class{421, "misdirected_request"}, "host.name", "no"), status: 421,
		body:   `{"error":"misdirected_request","error_description":"no","error_details":[{"rule":"host.name","description":"no"}]}`,
		header: map[string]string{"WWW-Authenticate": "", "Retry-After": ""},
	},
	{
		name: "a fault of ours", err: dcr.AsRefusal(errors.New("redis: 10.0.0.1 is down")), status: 503,
		body: `{"error":"temporarily_unavailable","error_description":"the request could not be decided; try again later",` +
			`"error_details":[{"rule":"internal","description":"the request could not be decided; try again later","fix":"Try again later. If the fault persists, report the x-fapi-interaction-id to the bank."}]}`,
		header: map[string]string{"Retry-After": "2", "WWW-Authenticate": ""},
	},
}

func TestAnswer(t *testing.T) {
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			status, header, body := c.err.Answer(c.help)
			if status != c.status || string(body) != c.body {
				t.Errorf("got %d %s\nwant %d %s", status, body, c.status, c.body)
			}
			checkHeader(t, header, c.header)
			if !json.Valid(body) || strings.Contains(string(body), "10.0.0.1") {
				t.Errorf("not JSON, or the cause is in it: %s", body)
			}
		})
	}
}

func checkHeader(t *testing.T, header http.Header, want map[string]string) {
	t.Helper()
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff",
	} {
		if got := header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
	for name, value := range want {
		if got := header.Get(name); got != value {
			t.Errorf("%s: got %q, want %q", name, got, value)
		}
	}
}

// The longest texts of the catalogue, fifty and more times over: an answer stays whole JSON below the limit that Envoy
// has for it, lists as many findings as fit, and counts the others.
func TestAnswerIsBounded(t *testing.T) {
	longest := dcr.Error{Class: dcr.InvalidClientMetadata, Rule: "request.jws.compact"}.At("/redirect_uris/1000")
	sections, err := dcr.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range sections {
		for _, entry := range section.Refusals {
			longest.Because, longest.Fix = longer(longest.Because, entry.Says), longer(longest.Fix, entry.Fix)
			longest.Clause = longer(longest.Clause, entry.Clause)
		}
	}
	for _, findings := range []int{1, 2, 49, 50, 60, 1000} {
		all := *longest
		for range findings - 1 {
			all.More = append(all.More, longest)
		}
		_, _, body := all.Answer("https://" + strings.Repeat("a", 1000) + "/errors")
		var answer struct {
			Description string            `json:"error_description"`
			Details     []json.RawMessage `json:"error_details"`
			Omitted     int               `json:"error_details_omitted"`
		}
		if err := json.Unmarshal(body, &answer); err != nil || len(body) > dcr.MaxAnswer {
			t.Fatalf("%d findings: %d bytes, %v", findings, len(body), err)
		}
		if len(answer.Details) == 0 || len(answer.Details)+answer.Omitted != findings {
			t.Errorf("%d findings: %d are listed and %d counted", findings, len(answer.Details), answer.Omitted)
		}
		if room := dcr.MaxAnswer - len(body); answer.Omitted > 0 && len(answer.Details) < 50 && room > len(answer.Details[0]) {
			t.Errorf("%d findings: %d bytes are left, and one more needs %d", findings, room, len(answer.Details[0]))
		}
		if findings > 1 && !strings.Contains(answer.Description, fmt.Sprintf("the first of %d findings", findings)) {
			t.Errorf("%d findings: %s", findings, answer.Description)
		}
	}
}

func longer(a, b string) string {
	if len(b) > len(a) {
		return b
	}
	return a
}

// Every answer has headers of its own: one that is changed on its way does not change the next.
func TestNoStoreIsFresh(t *testing.T) {
	dcr.NoStore().Set("Cache-Control", "public")
	if got := dcr.NoStore().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got %q", got)
	}
}

// RFC 7591, section 3.2.2, has four codes for a refused registration, and OBIE no others.
func TestRegistrationCodes(t *testing.T) {
	for want, class := range map[string]dcr.Class{
		"invalid_redirect_uri": dcr.InvalidRedirectURI, "invalid_client_metadata": dcr.InvalidClientMetadata,
		"invalid_software_statement": dcr.InvalidSoftwareStatement, "unapproved_software_statement": dcr.UnapprovedSoftwareStatement,
	} {
		if class.Code != want || class.Status != http.StatusBadRequest {
			t.Errorf("got %v, want 400 %s", class, want)
		}
	}
}
