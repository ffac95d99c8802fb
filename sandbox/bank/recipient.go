package bank

import (
	"net/http"
	"strconv"
)

// recipientVersion is the version of Get Accounts that the bank has (Consumer Data Standards, Banking APIs).
const recipientVersion = 2

// The errors of the Consumer Data Standards that can be made here, by their codes.
const (
	badVersion     = "urn:au-cds:error:cds-all:Header/InvalidVersion"
	unknownVersion = "urn:au-cds:error:cds-all:Header/UnsupportedVersion"
)

// recipientAccounts are the accounts as Australia's data recipients see them: the same for everybody, on one page.
func (b *books) recipientAccounts(r *http.Request) answer {
	if refused := asksVersion(r); refused.status != 0 {
		return refused
	}
	accounts := wholes(b.seen, "", all)
	return answer{
		status: http.StatusOK, header: map[string]string{"x-v": strconv.Itoa(recipientVersion)},
		body: map[string]any{
			"data":  map[string]any{"accounts": accounts},
			"links": map[string]string{"self": r.URL.RequestURI()},
			"meta":  map[string]int{"totalRecords": len(accounts), "totalPages": 1},
		},
	}
}

// asksVersion refuses a client that does not want our version: one between x-min-v and x-v is to be answered (Consumer
// Data Standards, Versioning). A client that says nothing gets what there is.
func asksVersion(r *http.Request) (refused answer) {
	newest, ok := version(r, "x-v", recipientVersion)
	if !ok {
		return refuseRecipient(http.StatusBadRequest, badVersion, "Invalid Version", "x-v is not a positive integer")
	}
	oldest, ok := version(r, "x-min-v", newest)
	if !ok {
		return refuseRecipient(http.StatusBadRequest, badVersion, "Invalid Version", "x-min-v is not a positive integer")
	}
	// An x-min-v that is not below x-v is treated as absent.
	if min(oldest, newest) > recipientVersion || newest < recipientVersion {
		return refuseRecipient(http.StatusNotAcceptable, unknownVersion, "Unsupported Version", "the version is "+strconv.Itoa(recipientVersion))
	}
	return answer{}
}

// version reads a header, which may be absent.
func version(r *http.Request, name string, absent int) (int, bool) {
	text := r.Header.Get(name)
	if text == "" {
		return absent, true
	}
	number, err := strconv.Atoi(text)
	return number, err == nil && number > 0
}

// refuseRecipient answers with the standard's ResponseErrorListV2.
func refuseRecipient(status int, code, title, detail string) answer {
	return answer{status: status, body: map[string]any{"errors": []map[string]string{{"code": code, "title": title, "detail": detail}}}}
}
