package conform

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

//go:embed cases/*.yaml
var caseFiles embed.FS

// order is the order of the files in a report.
var order = []string{"registration", "management", "tokens", "assertions", "bearer", "claims", "metadata", "redirects", "signatures", "statements", "edge"}

// Cases returns the shipped cases, in the order in which they run.
func Cases() ([]Case, error) {
	var all []Case
	for _, name := range order {
		text, err := fs.ReadFile(caseFiles, path.Join("cases", name+".yaml"))
		if err != nil {
			return nil, err
		}
		cases, err := Read(text)
		if err != nil {
			return nil, fmt.Errorf("cases/%s.yaml: %w", name, err)
		}
		all = append(all, cases...)
	}
	return all, unique(all)
}

// Read reads a file of cases. It refuses unknown keys, with the line.
func Read(text []byte) ([]Case, error) {
	var file struct {
		Cases []Case `yaml:"cases"`
	}
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, err
	}
	for _, c := range file.Cases {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("case %s: %w", c.ID, err)
		}
	}
	return file.Cases, unique(file.Cases)
}

func unique(cases []Case) error {
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.ID] {
			return fmt.Errorf("case %s is there twice", c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}

var idForm = regexp.MustCompile(`^[A-Z]{3}-[0-9]{2}$`)

// The words that a case may use.
var (
	needs   = []string{"signed", "rsa", "private_key_jwt", "tls_client_auth", "discovery", "other_certificate", "redirects"}
	methods = []string{"", "private_key_jwt", "tls_client_auth"}
	givens  = []string{"", "client", "token"}
	verbs   = []string{"register", "token", "read", "update", "delete", "discover"}
	types   = []string{"", "string", "integer", "number", "boolean", "array", "object"}
)

func (c Case) check() error {
	switch {
	case !idForm.MatchString(c.ID):
		return errors.New("an id is three capitals, a hyphen and two digits")
	case c.Title == "" || c.Clause == "" || c.Sentence == "":
		return errors.New("it needs a title, a clause and a sentence")
	case len(c.Steps) == 0:
		return errors.New("it has no steps")
	}
	for _, need := range c.Needs {
		if err := oneOf("needs", need, needs); err != nil {
			return err
		}
	}
	if err := errors.Join(oneOf("as", c.As, methods), oneOf("given", c.Given, givens)); err != nil {
		return err
	}
	for _, pattern := range c.Profiles {
		if !slices.ContainsFunc(dcrclient.Profiles(), func(name string) bool { return Case{Profiles: []string{pattern}}.Of(name) }) {
			return fmt.Errorf("no profile is called %s", pattern)
		}
	}
	for i, s := range c.Steps {
		if err := s.check(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Step) check() error {
	spoilt := slices.Sorted(maps.Keys(spoils))
	err := errors.Join(
		oneOf("do", s.Do, verbs),
		oneOf("certificate", s.Certificate, []string{"", "none", "other"}),
		oneOf("statement", s.Statement, append([]string{"", "self_signed", "unsigned"}, spoilt...)),
		oneOf("spoil", s.Spoil, append([]string{""}, spoilt...)),
		oneOf("sign.key", s.Sign.Key, []string{"", "random"}),
		oneOf("sign.alg", s.Sign.Algorithm, []string{"", "RS256", "HS256", "none"}),
		oneOf("expect.body", s.Expect.Body, []string{"", "json", "empty"}),
	)
	if err != nil {
		return err
	}
	if s.Expect.Same != "" {
		if err := oneOf("expect.same", s.Expect.Same, verbs); err != nil {
			return err
		}
	}
	return s.Expect.check()
}

func (e Expect) check() error {
	for _, status := range slices.Concat(e.Status, e.Open) {
		if http.StatusText(status) == "" {
			return fmt.Errorf("there is no status %d", status)
		}
	}
	if len(e.Error) > 0 && !slices.ContainsFunc(e.Status, func(status int) bool { return status >= http.StatusBadRequest }) {
		return errors.New("an error is expected, and no status of 400 or more")
	}
	patterns := slices.Collect(maps.Values(e.Headers))
	for name, member := range e.Members {
		if err := oneOf("type of "+name, member.Type, types); err != nil {
			return err
		}
		patterns = append(patterns, member.Pattern)
	}
	for _, pattern := range patterns {
		if err := dcrclient.CheckPattern(pattern); err != nil {
			return fmt.Errorf("a pattern: %w", err)
		}
	}
	return nil
}

func oneOf(key, word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return fmt.Errorf("%s is %q, and must be one of: %s", key, word, strings.TrimPrefix(strings.Join(words, ", "), ", "))
}
