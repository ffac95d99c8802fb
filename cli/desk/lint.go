package desk

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// defaultProfile is the profile that most banks require today.
const defaultProfile = "obie-3.3"

func lintFlags(c *call, flags *flag.FlagSet) {
	statementFlags(c, flags)
	flags.StringVar(&c.statement, "ssa", "", "`FILE` with the software statement, if the claims of REQUEST lack it")
	flags.StringVar(&c.certificate, "cert", "", "PEM `FILE` with the TLS client certificate that the request will be sent with")
	flags.StringVar(&c.profile, "profile", "", "`NAME` of a shipped profile ("+strings.Join(profile.Names(), ", ")+"), or a profile's file (default "+defaultProfile+", or the world's)")
	flags.StringVar(&c.softwareJWKS, "software-jwks", "", "`FILE` with the software product's key set, to verify the request's signature")
	flags.StringVar(&c.world, "world", "", "`DIR` of a sandbox: fills in --profile, --directory, --jwks, --audience and, for one of its TPPs, --cert and --software-jwks")
	flags.Func("audience", "`ID` that the bank accepts as aud; may be repeated", cli.Each(&c.audiences))
}

// A linted request is its content, and what a gate would find.
type linted struct {
	Profile    string    `json:"profile"`
	Directory  string    `json:"directory,omitempty"`
	At         string    `json:"at"`
	Request    *token    `json:"request,omitempty"`
	Statement  *token    `json:"statement,omitempty"`
	Findings   []finding `json:"findings"` // of a gate today
	Later      []finding `json:"later"`    // of a gate that does not have those findings any more
	NotChecked []string  `json:"not_checked"`
	Notes      []string  `json:"notes"`

	now    time.Time
	claims bool
}

func lint(ctx context.Context, c *call) error {
	request, err := c.readRequest()
	if err != nil {
		return err
	}
	if err := c.fromWorld(request); err != nil {
		return err
	}
	p, err := shippedOrFile("--profile", cmp.Or(c.profile, defaultProfile), profile.Names(), profile.Load, profile.LoadFile)
	if err != nil {
		return err
	}
	answer := &linted{
		Profile: p.Name, At: date(c.at.Time), Statement: request.statement, NotChecked: []string{}, Notes: []string{}, now: c.at.Time, claims: c.claims,
	}
	if request.decoded != nil {
		answer.Request = request.decoded.shown()
	}
	l := &linter{call: c, request: request, profile: p, answer: answer}
	if answer.Findings, err = findings(l.check(ctx)); err != nil {
		return err
	}
	if answer.Later, err = l.later(); err != nil {
		return err
	}
	l.noteGuess()
	if err := c.print(answer); err != nil || len(answer.Findings) == 0 {
		return err
	}
	return found
}

func (l *linted) text() string {
	var text strings.Builder
	what := "registration request"
	if l.Request != nil && !l.Request.Signed {
		what += ", not signed yet,"
	}
	fmt.Fprintf(&text, "%s by profile %s, directory %s, at %s\n", what, l.Profile, cmp.Or(l.Directory, "none"), l.At)
	writeFindings(&text, l.Findings)
	if len(l.Later) > 0 {
		text.WriteString("once that is fixed, a gate would find\n")
		writeFindings(&text, l.Later)
	}
	writeList(&text, "note", l.Notes)
	writeList(&text, "not checked", l.NotChecked)
	switch count := len(l.Findings) + len(l.Later); count {
	case 0:
		text.WriteString("nothing found in what was checked\n")
	case 1:
		text.WriteString("1 finding: a gate would refuse the request\n")
	default:
		fmt.Fprintf(&text, "%d findings: a gate would refuse the request\n", count)
	}
	l.writeClaims(&text)
	return text.String()
}

func (l *linted) writeClaims(text *strings.Builder) {
	if !l.claims {
		return
	}
	if l.Request != nil {
		text.WriteString("\nregistration request\n")
		l.Request.write(text, l.now)
	}
	if l.Statement != nil {
		text.WriteString("\nits software statement\n")
		l.Statement.write(text, l.now)
	}
}

// A linter has the gate's own filters decide about a request. What cannot be checked for lack of a file is replaced by a
// valid stand-in and reported as not checked: a token whose signature cannot be verified is signed again, with a key of this
// run, and a missing certificate is generated. Filters do not know about this: they have no way to skip a check.
type linter struct {
	*call
	request *request
	profile *dcr.Profile
	answer  *linted

	directory *directory.Directory
	keys      *fileKeys
	accepted  []string // values of aud
}

// authMethods are those that a bank may offer.
var authMethods = []string{"private_key_jwt", "tls_client_auth"}

func (l *linter) notChecked(text string) { l.answer.NotChecked = append(l.answer.NotChecked, text) }

// check returns the gate's decision, given what is known here.
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
		l.keys = newFileKeys(l.directory)
		directories[l.directory.Name] = &trust.Directory{Directory: l.directory.Directory, Keys: l.keys}
	}
	l.alwaysNotChecked()
	l.noteGrants()
	body, err := l.body()
	if err != nil {
		return err
	}
	asked := filter.RegistrationRequest(l.profile, []byte(body), l.at.Time)
	if asked.Certificate, err = l.clientCertificate(ctx, asked); err != nil {
		return err
	}
	l.accepted = l.audience()
	statement := &filter.StatementFilter{Directories: directories, Audiences: l.accepted, AuthMethods: authMethods}
	err = statement.Check(ctx, asked)
	if refusal, ok := errors.AsType[*dcr.Error](err); ok && refusal.Rule == "statement.issuer" && nobodys != nil {
		return nobodys // the filter was given no directory
	}
	return err
}

// later returns what a gate would find after the findings of now: it stops at the first one until both signatures have
// proved who asks. Here nothing has to be kept from anybody.
func (l *linter) later() ([]finding, error) {
	none := []finding{}
	if len(l.answer.Findings) == 0 || l.directory == nil || l.request.statement == nil {
		return none, nil
	}
	statement, err := directory.ReadStatement(l.directory.Directory, l.request.statement.Claims, l.request.ssa)
	if err == nil {
		err = dcr.Join(rule.CheckStatement(l.directory.Directory, statement, l.at.Time), rule.Check(&dcr.Registration{
			Asked: dcr.Asked{Profile: l.profile, Directory: l.directory.Directory, Request: l.request.decoded.Claims, Statement: statement},
			Now:   l.at.Time, Audiences: l.accepted, AuthMethods: authMethods,
			Listed: true, Algorithms: jose.FAPI, // which keys and certificates the software product has is not known
		}))
	}
	all, err := findings(err)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(one finding) bool { return slices.Contains(l.answer.Findings, one) }), nil
}

// noteGuess says that a finding about the addresses of key sets may be one about the wrong directory.
func (l *linter) noteGuess() {
	guessed := l.directory != nil && l.call.directory == ""
	if guessed && slices.ContainsFunc(l.answer.Findings, func(one finding) bool { return one.Rule == "keys.host" }) {
		l.answer.Notes = append(l.answer.Notes, "the directory "+l.directory.Name+" was guessed from the statement; "+
			"if it is another one: --directory FILE, or --world DIR for a sandbox")
	}
}

// noteGrants says what becomes of a client without client_credentials.
func (l *linter) noteGrants() {
	if l.request.decoded == nil {
		return
	}
	if grants, err := l.request.decoded.Claims.Strings("grant_types"); err == nil && !slices.Contains(grants, rule.GrantClientCredentials) {
		l.answer.Notes = append(l.answer.Notes, "grant_types lacks client_credentials: the client's tokens will manage its registration and nothing else")
	}
}

// audience returns the accepted values of aud: those of --audience, otherwise whatever the request has.
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

// alwaysNotChecked reports what no file can prove.
func (l *linter) alwaysNotChecked() {
	l.notChecked("what only the bank and the directory know: keys revoked since, jti used before, the software product registered before, " +
		"which token_endpoint_auth_method the bank offers")
	l.notChecked("the HTTP request: its Content-Type must be " + l.profile.ContentTypes[0])
	if l.request.newline {
		l.answer.Notes = append(l.answer.Notes, "the file has white space around the JWS: send the JWS without it, or the bank will refuse it")
	}
}
