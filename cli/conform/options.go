package conform

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

const defaultProfile = "obie-3.3"

// setup loads what the flags name.
func (o *options) setup() (Setup, error) {
	if o.world != "" {
		if err := o.fromWorld(); err != nil {
			return Setup{}, err
		}
	}
	if o.profile == "" {
		o.profile = defaultProfile
	}
	if err := o.complete(); err != nil {
		return Setup{}, err
	}
	s := Setup{
		Profile: o.profile, Base: o.base, Discovery: o.discovery, Token: o.token, Issuer: o.issuer, Audience: o.audience,
		RedirectURIs: o.redirects, AuthMethod: o.method, Claims: o.claims, KeyID: o.kid, Only: o.only, Statements: o.statements,
	}
	return s, errors.Join(o.loadCertificates(&s), o.loadKey(&s))
}

// complete says which flags are missing.
func (o *options) complete() error {
	var missing []string
	for _, flag := range []struct{ name, value string }{
		{"--cert", o.certificate}, {"--key", o.key}, {"--signing-key", o.signingKey}, {"--kid", o.kid}, {"--aud", o.audience},
		{"--base or --discovery", o.base + o.discovery}, {"--token-endpoint or --discovery", o.token + o.discovery},
	} {
		if flag.value == "" {
			missing = append(missing, flag.name)
		}
	}
	if o.statements.Fetch == nil {
		o.statements = fromFile(o.statement)
		if o.statementCommand != "" {
			o.statements = fromCommand(o.statementCommand)
		} else if o.statement == "" {
			missing = append(missing, "--ssa or --ssa-command")
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("what is missing: %s; or --world, for a sandbox", strings.Join(missing, ", "))
	}
	if !slices.Contains(methods, o.method) {
		return errors.New("--auth-method must be private_key_jwt or tls_client_auth")
	}
	return nil
}

func (o *options) loadCertificates(s *Setup) error {
	var err error
	if s.Certificate, err = tls.LoadX509KeyPair(o.certificate, o.key); err != nil {
		return fmt.Errorf("the transport certificate and its key: %w", err)
	}
	if o.otherCertificate != "" {
		other, err := tls.LoadX509KeyPair(o.otherCertificate, o.otherKey)
		if err != nil {
			return fmt.Errorf("the other transport certificate and its key: %w", err)
		}
		s.Other = &other
	}
	s.Roots, err = dcrclient.Roots(o.ca)
	return err
}

func (o *options) loadKey(s *Setup) (err error) {
	if s.SigningKey, err = dcrclient.ReadKey(o.signingKey); err != nil {
		return fmt.Errorf("the signing key: %w", err)
	}
	return nil
}

func fromFile(path string) Statements {
	return Statements{Fetch: func(context.Context) (string, error) {
		text, err := os.ReadFile(path)
		return string(text), err
	}}
}

// fromCommand runs a command in the shell, as the user would.
func fromCommand(command string) Statements {
	return Statements{Fresh: true, Fetch: func(ctx context.Context) (string, error) {
		var stdout bytes.Buffer
		run := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // the user's own command line
		run.Stdout, run.Stderr = &stdout, os.Stderr
		if err := run.Run(); err != nil {
			return "", fmt.Errorf("--ssa-command: %w", err)
		}
		return stdout.String(), nil
	}}
}
