package desk

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/extauthz/filter"
)

// A shownStatement is a software statement and what its directory makes of it.
type shownStatement struct {
	*token
	Signature string    `json:"signature"` // verified, wrong or not checked
	At        string    `json:"at"`
	Directory *view     `json:"directory,omitempty"`
	Findings  []finding `json:"findings"`

	now time.Time
}

// What is known of a signature.
const (
	verified   = "verified"
	wrong      = "wrong"
	notChecked = "not checked"
)

// A view is what a directory reads in a statement by its names for claims.
type view struct {
	Name         string   `json:"name"`
	SoftwareID   string   `json:"software_id"`
	OrgID        string   `json:"org_id"`
	OrgStatus    string   `json:"org_status,omitempty"`
	Environment  string   `json:"environment,omitempty"`
	Roles        []string `json:"roles"`
	Scopes       []string `json:"scopes"` // that the roles give
	RedirectURIs []string `json:"redirect_uris"`
	KeySets      []string `json:"key_sets"`
	RevokedSets  []string `json:"revoked_key_sets,omitempty"`
	Age          string   `json:"age,omitempty"`
	MaxAge       string   `json:"max_age"`
}

func showStatement(_ context.Context, c *call) error {
	text, err := read(c.operands[0])
	if err != nil {
		return err
	}
	raw := strings.TrimSpace(string(text))
	decoded, err := decodeToken(raw)
	if err != nil {
		return unusable("%s: %w", c.operands[0], err)
	}
	shown := &shownStatement{token: decoded, Signature: notChecked, At: date(c.at.Time), now: c.at.Time}
	if shown.Findings, err = findings(shown.check(c, raw)); err != nil {
		return err
	}
	if err := c.print(shown); err != nil || len(shown.Findings) == 0 {
		return err
	}
	return found
}

// check asks what a gate asks of a statement, in the order in which it does.
func (s *shownStatement) check(c *call, raw string) error {
	unverified, err := filter.ParseStatement(raw)
	if err != nil {
		return err
	}
	d, err := c.findDirectory(s.Claims)
	if err != nil {
		return err
	}
	if c.jwks != "" {
		keys, err := readKeys(c.jwks)
		if err != nil {
			return err
		}
		s.Signature = verified
		if _, err := unverified.Verify(keys); err != nil || !slices.Contains(d.Algorithms, unverified.Algorithm) {
			s.Signature = wrong
			return dcr.Refuse(dcr.InvalidSoftwareStatement, "statement.signature",
				"the signature of the software statement does not verify with a key of the directory").
				At("/software_statement").Per("RFC 7515, section 5.2")
		}
	}
	statement, err := directory.ReadStatement(d.Directory, s.Claims, raw)
	if err != nil {
		return err
	}
	s.Directory = newView(d.Directory, statement, s.now)
	return rule.CheckStatement(d.Directory, statement, s.now)
}

func newView(d *dcr.Directory, s *dcr.Statement, now time.Time) *view {
	v := &view{
		Name: d.Name, SoftwareID: s.SoftwareID, OrgID: s.OrgID, OrgStatus: s.OrgStatus, Environment: s.Environment,
		Roles: s.Roles, Scopes: []string{}, RedirectURIs: s.RedirectURIs, MaxAge: span(d.MaxAge),
	}
	for _, scope := range slices.Sorted(maps.Keys(d.Scopes)) {
		if role := d.Scopes[scope]; role == "" || slices.Contains(s.Roles, role) {
			v.Scopes = append(v.Scopes, scope)
		}
	}
	named := func(url string) bool { return url == "" }
	v.KeySets = slices.DeleteFunc([]string{s.JWKS, s.OrgJWKS}, named)
	v.RevokedSets = slices.DeleteFunc([]string{s.RevokedJWKS, s.OrgRevokedJWKS}, named)
	if !s.IssuedAt.IsZero() {
		v.Age = "issued " + ago(s.IssuedAt, now)
		if now.Sub(s.IssuedAt) > d.MaxAge {
			v.Age += ": too old"
		}
	}
	return v
}

func (s *shownStatement) text() string {
	var text strings.Builder
	text.WriteString("software statement, " + map[string]string{
		verified:   "signature verified with the key set given",
		wrong:      "signature WRONG: it does not verify with the key set given, and nothing below may be believed",
		notChecked: "signature NOT CHECKED: nothing below may be believed (--jwks FILE verifies it with the directory's key set)",
	}[s.Signature] + "\n")
	s.write(&text, s.now)
	if s.Directory != nil {
		s.Directory.write(&text)
	}
	if len(s.Findings) == 0 {
		fmt.Fprintf(&text, "nothing else to find at %s\n", s.At)
		return text.String()
	}
	fmt.Fprintf(&text, "a gate would refuse it at %s\n", s.At)
	writeFindings(&text, s.Findings)
	return text.String()
}

func (v *view) write(text *strings.Builder) {
	fmt.Fprintf(text, "to the directory %s\n", v.Name)
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"software id", v.SoftwareID},
		{"organisation id", v.OrgID},
		{"status", v.OrgStatus},
		{"environment", v.Environment},
		{"roles", strings.Join(v.Roles, " ")},
		{"scopes of these", strings.Join(v.Scopes, " ")},
		{"redirect URIs", strings.Join(v.RedirectURIs, " ")},
		{"key sets", strings.Join(v.KeySets, " ")},
		{"of revoked keys", strings.Join(v.RevokedSets, " ")},
		{"age", v.Age + " (a gate takes it for " + v.MaxAge + ")"},
	} {
		if line[1] != "" {
			fmt.Fprintf(table, "  %s\t%s\n", line[0], printable(line[1]))
		}
	}
	_ = table.Flush() // into memory
}
