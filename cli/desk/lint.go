package desk

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/cli"
)

// defaultProfile is what most banks ask for today.
const defaultProfile = "obie-3.3"

func lintFlags(c *call, flags *flag.FlagSet) {
	flags.Var(&c.at, "at", "the `TIME` to check for, as 2026-11-21T12:00:00Z (default now)")
	flags.StringVar(&c.statement, "ssa", "", "`FILE` with the software statement, where the claims of REQUEST lack it")
	flags.StringVar(&c.certificate, "cert", "", "PEM `FILE` with the TLS client certificate that the request will be sent with")
	flags.StringVar(&c.profile, "profile", defaultProfile, "`NAME` of a shipped profile ("+strings.Join(profile.Names(), ", ")+"), or a profile's file")
	flags.StringVar(&c.directory, "directory", "", "`NAME` of a shipped directory, or a directory's file (default the shipped one whose issuer the statement names)")
	flags.StringVar(&c.jwks, "jwks", "", "`FILE` with the directory's key set, to verify the statement's signature")
	flags.StringVar(&c.softwareJWKS, "software-jwks", "", "`FILE` with the software's key set, to verify the request's signature")
	flags.Func("audience", "`ID` that the bank takes as aud; may be given several times", cli.Each(&c.audiences))
}

// A linted request is what it holds, and what a gate would say to it.
type linted struct {
	Profile    string    `json:"profile"`
	Directory  string    `json:"directory,omitempty"`
	At         string    `json:"at"`
	Request    *token    `json:"request,omitempty"`
	Statement  *token    `json:"statement,omitempty"`
	Findings   []finding `json:"findings"`
	NotChecked []string  `json:"not_checked"`
	Notes      []string  `json:"notes"`

	now time.Time
}

func lint(ctx context.Context, c *call) error {
	p, err := findProfile(c.profile)
	if err != nil {
		return err
	}
	request, err := c.readRequest()
	if err != nil {
		return err
	}
	answer := &linted{Profile: p.Name, At: date(c.at.Time), Notes: []string{}, now: c.at.Time}
	answer.show(request)
	l := &linter{call: c, request: request, profile: p, answer: answer}
	if answer.Findings, err = findings(l.check(ctx)); err != nil {
		return err
	}
	if answer.NotChecked == nil {
		answer.NotChecked = []string{}
	}
	if err := c.print(answer); err != nil || len(answer.Findings) == 0 {
		return err
	}
	return found
}

// show decodes what can be decoded. What cannot is a finding of the gate's.
func (l *linted) show(r *request) {
	if r.decoded != nil {
		l.Request = r.decoded.shown()
	}
	if r.statement != nil {
		l.Statement = r.statement
	}
}

// findProfile returns a shipped profile, or reads a file.
func findProfile(name string) (*dcr.Profile, error) {
	if slices.Contains(profile.Names(), name) {
		return profile.Load(name)
	}
	if _, err := os.Stat(name); err != nil {
		return nil, unusable("--profile %s is no file, and not one of those that are shipped: %s", name, strings.Join(profile.Names(), ", "))
	}
	p, err := profile.LoadFile(name)
	if err != nil {
		return nil, unusable("%w", err)
	}
	return p, nil
}

func (l *linted) text() string {
	var text strings.Builder
	if l.Request != nil {
		text.WriteString(map[bool]string{true: "registration request", false: "registration request, not signed yet"}[l.Request.Signed] + "\n")
		l.Request.write(&text, l.now)
	}
	if l.Statement != nil {
		text.WriteString("software statement in it\n")
		l.Statement.write(&text, l.now)
	}
	directory := l.Directory
	if directory == "" {
		directory = "none"
	}
	fmt.Fprintf(&text, "by profile %s, directory %s, at %s\n", l.Profile, directory, l.At)
	writeFindings(&text, l.Findings)
	writeList(&text, "note", l.Notes)
	writeList(&text, "not checked", l.NotChecked)
	switch len(l.Findings) {
	case 0:
		text.WriteString("nothing found in what was checked\n")
	case 1:
		text.WriteString("1 finding: a gate would refuse the request\n")
	default:
		fmt.Fprintf(&text, "%d findings: a gate would refuse the request\n", len(l.Findings))
	}
	return text.String()
}
