package conform

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
	"github.com/dcr-gateway/dcr-gateway/internal/pemfile"
	"github.com/dcr-gateway/dcr-gateway/internal/worldfile"
)

const defaultProfile = "obie-3.3"

// load reads the files that the flags name.
func (o *options) load() error {
	if o.world != "" {
		if err := o.fromWorld(); err != nil {
			return err
		}
	}
	o.Profile = cmp.Or(o.Profile, defaultProfile)
	if err := o.complete(); err != nil {
		return err
	}
	return errors.Join(o.loadCertificates(), o.loadKey())
}

// complete reports which flags are missing.
func (o *options) complete() error {
	var missing []string
	for _, flag := range []struct{ name, value string }{
		{"--cert", o.certificate}, {"--key", o.key}, {"--signing-key", o.signingKey}, {"--kid", o.KeyID}, {"--aud", o.Audience},
		{"--base or --discovery", o.Base + o.Discovery}, {"--token-endpoint or --discovery", o.Token + o.Discovery},
	} {
		if flag.value == "" {
			missing = append(missing, flag.name)
		}
	}
	if o.Statements.Fetch == nil {
		o.Statements = fromFile(o.statement)
		if o.statementCommand != "" {
			o.Statements = fromCommand(o.statementCommand)
		} else if o.statement == "" {
			missing = append(missing, "--ssa or --ssa-command")
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("missing: %s; or --world, for a sandbox", strings.Join(missing, ", "))
	}
	if !slices.Contains(methods, o.AuthMethod) {
		return errors.New("--auth-method must be private_key_jwt or tls_client_auth")
	}
	return nil
}

func (o *options) loadCertificates() (err error) {
	if o.Certificate, err = tls.LoadX509KeyPair(o.certificate, o.key); err != nil {
		return fmt.Errorf("the transport certificate and its key: %w", err)
	}
	if o.otherCertificate != "" {
		other, err := tls.LoadX509KeyPair(o.otherCertificate, o.otherKey)
		if err != nil {
			return fmt.Errorf("the other transport certificate and its key: %w", err)
		}
		o.Other = &other
	}
	o.Roots, err = dcrclient.Roots(o.ca)
	return err
}

func (o *options) loadKey() (err error) {
	if o.SigningKey, err = pemfile.ReadKey(o.signingKey); err != nil {
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

// fromCommand runs a command in the shell.
func fromCommand(command string) Statements {
	return Statements{Fresh: true, Fetch: func(ctx context.Context) (string, error) {
		run := exec.CommandContext(ctx, "sh", "-c", command) //nolint:gosec // the user's own command line
		run.Stderr = os.Stderr
		text, err := run.Output()
		if err != nil {
			return "", fmt.Errorf("--ssa-command: %w", err)
		}
		return string(text), nil
	}}
}

// fromWorld fills in the flags that were left out.
func (o *options) fromWorld() error {
	all, err := worldfile.Read(o.world)
	if err != nil {
		return fmt.Errorf("the sandbox: %w", err)
	}
	world, err := all.For(o.Profile)
	switch {
	case err == nil:
		o.Base = cmp.Or(o.Base, world.Registration)
	case o.Base == "":
		return err
	default:
		world = all
	}
	if o.tpp < 1 || o.tpp > len(world.TPPs) {
		return fmt.Errorf("the sandbox has TPPs 1 to %d", len(world.TPPs))
	}
	o.Profile = cmp.Or(o.Profile, all.Profile)
	o.Discovery = cmp.Or(o.Discovery, world.Discovery)
	o.Audience = cmp.Or(o.Audience, world.Audience)
	o.fromTPP(world)
	o.fromOther(slices.Concat(world.TPPs[o.tpp%len(world.TPPs):], world.TPPs, all.TPPs), world.TPPs[o.tpp-1])
	return nil
}

func (o *options) fromTPP(of *worldfile.World) {
	path := func(name string) string { return filepath.Join(o.world, name) }
	tpp := of.TPPs[o.tpp-1]
	o.certificate = cmp.Or(o.certificate, path(tpp.TransportCert))
	o.key = cmp.Or(o.key, path(tpp.TransportKey))
	o.signingKey = cmp.Or(o.signingKey, path(tpp.SigningKey))
	o.KeyID = cmp.Or(o.KeyID, tpp.SigningKeyID)
	o.ca = cmp.Or(o.ca, path(of.ServerCA))
	if o.statement == "" && o.statementCommand == "" {
		o.Statements = fromDirectory(of.Directory.API, path(of.Directory.CA), tpp.SoftwareID)
	}
}

// fromOther takes the certificate of the first other TPP.
func (o *options) fromOther(tpps []dcrclient.Member, own dcrclient.Member) {
	for _, other := range tpps {
		if o.otherCertificate == "" && other.TransportCert != own.TransportCert {
			o.otherCertificate, o.otherKey = filepath.Join(o.world, other.TransportCert), filepath.Join(o.world, other.TransportKey)
		}
	}
}

// fromDirectory has the sandbox's directory sign statements.
func fromDirectory(api, ca, softwareID string) Statements {
	return Statements{Fresh: true, Fetch: func(ctx context.Context) (string, error) {
		directory, err := dcrclient.OpenDirectory(api, ca)
		if err != nil {
			return "", err
		}
		defer directory.HTTP.CloseIdleConnections()
		return directory.Statement(ctx, softwareID, dcrclient.Changes{})
	}}
}
