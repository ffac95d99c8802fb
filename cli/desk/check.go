package desk

import (
	"context"
	"errors"
	"net/http"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/outbound"
)

// A linter lets the gate's own filter decide about a request. What cannot be checked for lack of a file gets a stand-in
// that is right, and is named as not checked: a token whose signature nobody can check is signed anew, with a key of this
// run, and a certificate that is not there is made up. No filter knows of that, and none can be told to skip a check.
type linter struct {
	*call
	request *request
	profile *dcr.Profile
	answer  *linted

	directory *directory.Directory
	keys      *fileKeys
}

func (l *linter) notChecked(text string) { l.answer.NotChecked = append(l.answer.NotChecked, text) }

// check returns what the gate would, given what is known here.
func (l *linter) check(ctx context.Context) error {
	var err error
	if l.request.statement != nil {
		l.directory, err = l.findDirectory(l.request.statement.Claims)
	} else if l.call.directory != "" {
		l.directory, err = l.findDirectory(nil)
	}
	nobodys, ok := errors.AsType[*dcr.Error](err)
	if err != nil && !ok {
		return err
	}
	directories := trust.Directories{}
	if l.directory != nil {
		l.answer.Directory = l.directory.Name
		l.keys = newFileKeys(outbound.New(l.directory.Policy()))
		directories[l.directory.Name] = &trust.Directory{Directory: l.directory.Directory, Keys: l.keys}
	}
	l.alwaysNotChecked()
	body, err := l.body()
	if err != nil {
		return err
	}
	asked := &filter.Request{
		ID: "lint", Now: l.at.Time, Route: &filter.Ready{Route: &routes.Route{Name: "lint"}, Profile: l.profile}, Method: http.MethodPost,
		Header: http.Header{"Content-Type": {l.profile.ContentTypes[0]}}, Body: []byte(body),
	}
	if asked.Certificate, err = l.clientCertificate(ctx, asked); err != nil {
		return err
	}
	statement := &filter.StatementFilter{Directories: directories, Audiences: l.audience(), AuthMethods: []string{"private_key_jwt", "tls_client_auth"}}
	err = statement.Check(ctx, asked)
	if refusal, ok := errors.AsType[*dcr.Error](err); ok && refusal.Rule == "statement.issuer" && nobodys != nil {
		return nobodys // the filter was given no directory
	}
	return err
}

// audience is what aud may be: what the bank says it is, or else whatever it is.
func (l *linter) audience() []string {
	if len(l.audiences) > 0 {
		return l.audiences
	}
	l.notChecked("whether aud is the bank's identifier: --audience ID names it")
	if l.request.decoded == nil {
		return nil
	}
	if one, err := l.request.decoded.Claims.String("aud"); err == nil {
		return []string{one}
	}
	several, _ := l.request.decoded.Claims.Strings("aud") // neither, it is for the dictionary to refuse
	return several
}

// alwaysNotChecked names what no file can tell.
func (l *linter) alwaysNotChecked() {
	l.notChecked("what only the bank and the directory know: keys revoked since, jti used before, the software registered before, " +
		"which token_endpoint_auth_method the bank offers")
	l.notChecked("the HTTP request: its Content-Type must be " + l.profile.ContentTypes[0])
	if l.request.newline {
		l.answer.Notes = append(l.answer.Notes, "white space is around the JWS in the file: send the JWS without it, or the bank will refuse it")
	}
}
