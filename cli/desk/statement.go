package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/rule"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
)

// A shownStatement is a software statement and how its directory's rules read it.
type shownStatement struct {
	*token
	Signature string    `json:"signature"` // verified, wrong or not checked
	At        string    `json:"at"`
	Directory *view     `json:"directory,omitempty"`
	Findings  []finding `json:"findings"`

	now    time.Time
	claims bool
}

// The state of a signature.
const (
	verified   = "verified"
	wrong      = "wrong"
	notChecked = "not checked"
)

// A view is a statement read with a directory's names for claims.
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

func showStatement(ctx context.Context, c *call) error {
	text, err := read(c.Operands[0])
	if err != nil {
		return err
	}
	raw := strings.TrimSpace(string(text))
	decoded, err := decodeToken(raw)
	if err != nil {
		return unusable("%s: %w", c.Operands[0], err)
	}
	shown := &shownStatement{token: decoded, Signature: notChecked, At: date(c.at.Time), now: c.at.Time, claims: c.claims}
	if shown.Findings, err = findings(shown.check(ctx, c, raw)); err != nil {
		return err
	}
	if err := c.print(shown); err != nil || len(shown.Findings) == 0 {
		return err
	}
	return found
}

// check checks a statement as a gate does, in the same order.
func (s *shownStatement) check(ctx context.Context, c *call, raw string) error {
	unverified, err := trust.ParseStatement(raw)
	if err != nil {
		return err
	}
	d, err := c.findDirectory(s.Claims)
	if err != nil {
		return err
	}
	statement, err := s.read(ctx, c, d, unverified)
	if err != nil {
		return err
	}
	s.Directory = newView(d.Directory, statement, s.now)
	return rule.CheckStatement(d.Directory, statement, s.now)
}

// read reads the statement as the gate does if the directory's keys are here, otherwise without verification.
func (s *shownStatement) read(ctx context.Context, c *call, d *directory.Directory, unverified *jose.Unverified) (*dcr.Statement, error) {
	if c.jwks == "" {
		return directory.ReadStatement(d.Directory, s.Claims, "")
	}
	set, err := readKeys(c.jwks)
	if err != nil {
		return nil, err
	}
	keys := newFileKeys(d)
	keys.sets[d.JWKS] = set
	statement, err := (&trust.Directory{Directory: d.Directory, Keys: keys}).ReadStatement(ctx, unverified)
	s.Signature = verified
	if refusal, ok := errors.AsType[*dcr.Error](err); ok && slices.Contains([]string{"statement.algorithm", "statement.signature"}, refusal.Rule) {
		s.Signature = wrong
	}
	if err != nil {
		return nil, err
	}
	return statement.Statement, nil
}

func newView(d *dcr.Directory, s *dcr.Statement, now time.Time) *view {
	v := &view{
		Name: d.Name, SoftwareID: s.Software.GetId(), OrgID: s.Software.GetOrgId(), OrgStatus: s.OrgStatus, Environment: strings.Join(s.Environments, ", "),
		Roles: s.Software.GetRoles(), Scopes: []string{}, RedirectURIs: s.RedirectURIs, MaxAge: span(d.MaxAge),
	}
	for _, scope := range slices.Sorted(maps.Keys(d.Scopes)) {
		if d.Grants(scope, s.Software.GetRoles()) {
			v.Scopes = append(v.Scopes, scope)
		}
	}
	sets, named := s.Software.GetKeySets(), func(url string) bool { return url == "" }
	v.KeySets = slices.DeleteFunc([]string{sets.GetJwks(), sets.GetOrgJwks()}, named)
	v.RevokedSets = slices.DeleteFunc([]string{sets.GetRevokedJwks(), sets.GetOrgRevokedJwks()}, named)
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
		verified:   "signature verified with the given key set",
		wrong:      "signature WRONG: it does not verify with the given key set; trust nothing below",
		notChecked: "signature NOT CHECKED: trust nothing below (--jwks FILE verifies it with the directory's key set)",
	}[s.Signature] + "\n")
	if len(s.Findings) == 0 {
		fmt.Fprintf(&text, "no other findings at %s\n", s.At)
	} else {
		fmt.Fprintf(&text, "a gate would refuse it at %s\n", s.At)
		writeFindings(&text, s.Findings)
	}
	if s.Directory != nil {
		s.Directory.write(&text)
	}
	if s.claims {
		s.write(&text, s.now)
	}
	return text.String()
}

func (v *view) write(text *strings.Builder) {
	fmt.Fprintf(text, "as the directory %s reads it\n", v.Name)
	lines := [][2]string{
		{"  software id", v.SoftwareID},
		{"  organisation id", v.OrgID},
		{"  status", v.OrgStatus},
		{"  environment", v.Environment},
		{"  roles", strings.Join(v.Roles, " ")},
		{"  scopes of these", strings.Join(v.Scopes, " ")},
		{"  redirect URIs", strings.Join(v.RedirectURIs, " ")},
		{"  key sets", strings.Join(v.KeySets, " ")},
		{"  of revoked keys", strings.Join(v.RevokedSets, " ")},
		{"  age", v.Age + " (a gate accepts it for " + v.MaxAge + ")"},
	}
	for i := range lines {
		lines[i][1] = printable(lines[i][1])
	}
	writeTable(text, lines)
}
