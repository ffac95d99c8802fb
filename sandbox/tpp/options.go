package tpp

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// usualProfile is the default profile.
const usualProfile = "obie-3.3"

// knownProfile refuses an unknown profile.
func knownProfile(name string) error {
	if _, err := dcrclient.Find(name); err != nil {
		return fmt.Errorf("--profile is one of %s", strings.Join(dcrclient.Profiles(), ", "))
	}
	return nil
}

// options are the flags of one verb.
type options struct {
	verb   string
	record Record // what flags say about the bank and the TPP; empty where they say nothing
	file   string // client.json

	world string
	tpp   int
	fault string // NAME of --break

	scope  string
	claims map[string]any
	omit   []string
	print  bool
	raw    bool
	dryRun bool
	method string
	url    string
}

func (o *options) declare(flags *flag.FlagSet) {
	o.identityFlags(flags)
	switch o.verb {
	case "register":
		flags.StringVar(&o.fault, "break", "", "break the request on purpose, in a sandbox, to see the refusal; `NAME`, or list for all of them")
		o.requestFlags(flags)
	case "update":
		o.requestFlags(flags)
	case "token":
		flags.StringVar(&o.scope, "scope", "", "`SCOPES` to ask for, space separated")
		flags.StringVar(&o.record.AssertionAudience, "assertion-aud", "", "`URL` that is the aud of the client assertion; the issuer by default")
	case "call":
		flags.StringVar(&o.method, "method", http.MethodGet, "HTTP `METHOD`")
	}
	flags.StringVar(&o.file, "client", "client.json", "`FILE` that keeps the registration and its token")
	flags.BoolVar(&o.print, "print", false, "show the request, decoded, and do not send it")
	flags.BoolVar(&o.raw, "raw", false, "print the body as it would be sent, for instance to lint or curl it, and do not send it")
}

func (o *options) identityFlags(flags *flag.FlagSet) {
	r := &o.record
	flags.StringVar(&o.world, "world", "", "`DIR` of a sandbox: fills in all of the flags for one of its TPPs")
	flags.IntVar(&o.tpp, "tpp", 1, "which of the sandbox's TPPs, a `NUMBER` from 1")
	flags.StringVar(&r.Discovery, "discovery", "", "`URL` of the bank's discovery document")
	flags.StringVar(&r.Issuer, "issuer", "", "`URL` that is the bank's issuer, instead of discovery")
	flags.StringVar(&r.Registration, "registration-endpoint", "", "`URL`, instead of discovery")
	flags.StringVar(&r.Token, "token-endpoint", "", "`URL`, instead of discovery")
	flags.StringVar(&r.Certificate, "cert", "", "transport certificate, PEM `FILE`")
	flags.StringVar(&r.Key, "key", "", "its private key, PEM `FILE`")
	flags.StringVar(&r.CA, "ca", "", "CAs of the bank's servers, PEM `FILE`; the system's by default")
	flags.StringVar(&r.SigningKey, "signing-key", "", "signing key, PEM `FILE`")
	flags.StringVar(&r.SigningKeyID, "kid", "", "`ID` of the signing key in the directory: its kid")
	flags.StringVar(&r.AuthMethod, "auth-method", "", "how the client authenticates, the `METHOD` "+dcrclient.PrivateKeyJWT+" (the default) or "+dcrclient.TLSClientAuth)
}

func (o *options) requestFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.record.Statement, "ssa", "", "software statement, `FILE`")
	flags.StringVar(&o.record.Audience, "aud", "", "aud of the request: the bank's `ID` in the directory")
	flags.StringVar(&o.scope, "scope", "", "`SCOPES` to register for, space separated; all that the roles allow by default")
	flags.StringVar(&o.record.Profile, "profile", "", "registration profile, the `NAME` "+strings.Join(dcrclient.Profiles(), ", ")+"; the sandbox's own, or "+usualProfile+", by default")
	flags.Func("claim", "`NAME=JSON` to set in the request, for instance response_types='[\"code\"]'; may be repeated", cli.JSONMembers(&o.claims))
	flags.BoolVar(&o.dryRun, "dry-run", false, "have the bank check the request and store nothing, where it offers that (Prefer: dry-run)")
	flags.Func("omit", "`NAME` to leave out of the request; may be repeated", cli.Each(&o.omit))
}

func (o *options) ask() Ask { return Ask{Scope: o.scope, Claims: o.claims, Omit: o.omit} }

// client opens the TPP that flags, client.json and world.json describe, in this order of precedence.
func (o *options) client(ctx context.Context) (*Client, error) {
	record, err := o.settle()
	if err != nil {
		return nil, err
	}
	client, err := Open(record)
	if err != nil {
		return nil, err
	}
	known := client.Registration != "" && client.Token != ""
	switch {
	case client.Discovery != "" && (!known || client.Issuer == ""):
		if _, err := client.Discover(ctx); err != nil {
			return nil, err
		}
	case !known:
		return nil, errors.New("name the bank: --discovery URL, or --registration-endpoint and --token-endpoint")
	}
	if o.verb == "register" || o.verb == "update" {
		return client, o.readStatement(ctx, client)
	}
	return client, nil
}

func (o *options) settle() (Record, error) {
	record := o.record
	kept, err := o.kept()
	if err != nil {
		return record, err
	}
	record = record.over(kept)
	if o.world != "" {
		world, err := worldRecord(o.world, record.Profile, o.tpp)
		if err != nil {
			return record, err
		}
		record = record.over(world)
	}
	record.AuthMethod = cmp.Or(record.AuthMethod, dcrclient.PrivateKeyJWT)
	if record.AuthMethod != dcrclient.PrivateKeyJWT && record.AuthMethod != dcrclient.TLSClientAuth {
		return record, fmt.Errorf("--auth-method is %s or %s", dcrclient.PrivateKeyJWT, dcrclient.TLSClientAuth)
	}
	record.Profile = cmp.Or(record.Profile, usualProfile)
	if err := knownProfile(record.Profile); err != nil {
		return record, err
	}
	if record.Certificate == "" || record.Key == "" {
		return record, errors.New("name the transport certificate and its key: --cert FILE --key FILE, or --world DIR")
	}
	return record, record.absolute()
}

// kept returns the content of client.json. A registration starts from nothing, and does not overwrite an existing one.
func (o *options) kept() (Record, error) {
	if o.fault != "" {
		return Record{}, nil // nothing will be written
	}
	record, err := ReadRecord(o.file)
	if o.verb == "register" {
		if err == nil && record.ClientID != "" && !record.Deleted && o.sends() && !o.dryRun {
			return Record{}, fmt.Errorf("%s holds the client %s: first dcr-gateway tpp delete, or name another file with --client", o.file, record.ClientID)
		}
		return Record{}, nil
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Record{}, fmt.Errorf("there is no %s: register first, or name the file with --client", o.file)
	case err != nil:
		return Record{}, err
	case record.Deleted:
		return Record{}, fmt.Errorf("the client %s was deleted: register again (dcr-gateway tpp register)", record.ClientID)
	}
	return *record, nil
}

// sends reports whether the request is sent, and not only shown.
func (o *options) sends() bool { return !o.print && !o.raw }

// readStatement reads the statement's file. In a sandbox it gets a new statement, because banks refuse old ones.
func (o *options) readStatement(ctx context.Context, client *Client) error {
	if client.World != "" && o.record.Statement == "" && o.sends() {
		return client.freshStatement(ctx)
	}
	if client.Statement == "" {
		return errors.New("name the software statement: --ssa FILE")
	}
	text, err := os.ReadFile(client.Statement)
	if err != nil {
		return fmt.Errorf("the software statement: %w", err)
	}
	client.StatementText = strings.TrimSpace(string(text))
	return nil
}
