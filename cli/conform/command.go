package conform

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// Command returns the conform command. It exits with 1 if a clause does not hold, and with 2 if the bank could not be judged.
func Command() cli.Command {
	return cli.Command{
		Name: "conform", Summary: "Test a bank's registration endpoint from outside, clause by clause",
		Details: `It sends a bank valid and invalid registration requests and reports which clauses of the standard hold there. It deletes
what it registers. The software product must not be registered there yet.
exit codes: 0 all clauses that could be judged hold, 1 a clause does not hold, 2 the bank could not be judged`,
		Example: `dcr-gateway conform --world world
dcr-gateway conform --base https://bank.example/open-banking/v3.3/register --discovery https://bank.example/.well-known/openid-configuration \
  --cert transport.pem --key transport.key --signing-key signing.key --kid KEY-ID --aud BANK-ID --ssa-command ./fresh-statement
dcr-gateway conform --public --discovery https://bank.example/.well-known/openid-configuration
dcr-gateway conform --list --profile obie-3.3`,
		Setup: func(flags *flag.FlagSet) cli.Run {
			o := &options{}
			o.declare(flags)
			return o.run
		},
	}
}

func (o *options) run(ctx context.Context, call cli.Call) error {
	if o.list {
		return o.printCases(call.Stdout)
	}
	if o.onlyPublic {
		return o.public(ctx, call.Stdout)
	}
	if err := o.load(); err != nil {
		return cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	report, err := Judge(ctx, o.Setup)
	if err != nil {
		return cli.Exit{Code: cli.Wrong, Text: err.Error()}
	}
	return o.print(report, call.Stdout)
}

func (o *options) print(report *Report, stdout io.Writer) error {
	if o.junit != "" {
		text, err := report.JUnit()
		if err == nil {
			err = os.WriteFile(o.junit, text, 0o600)
		}
		if err != nil {
			return cli.Exit{Code: 2, Text: "write the JUnit report: " + err.Error()}
		}
	}
	if err := o.form.Print(stdout, report, report.Text); err != nil {
		return err
	}
	switch {
	case report.Stopped != "":
		return cli.Exit{Code: 2, Text: report.Stopped}
	case report.Failed > 0:
		return cli.Exit{Code: 1}
	}
	return nil
}

// printCases lists all cases, or those of a profile.
func (o *options) printCases(stdout io.Writer) error {
	all, err := Cases()
	if err != nil {
		return err
	}
	for _, c := range all {
		if o.Profile != "" && !c.Of(o.Profile) {
			continue
		}
		if _, err := fmt.Fprintf(stdout, "%s  %s (%s)\n", c.ID, c.Title, c.Clause); err != nil {
			return err
		}
	}
	return nil
}

// options are the flags: those of the setup itself, and the files that the rest is read from.
type options struct {
	Setup

	certificate, key, otherCertificate, otherKey, ca string
	signingKey, statement, statementCommand          string
	world                                            string
	tpp                                              int
	junit                                            string
	list, onlyPublic                                 bool
	form                                             cli.Form
}

func (o *options) declare(f *flag.FlagSet) {
	f.StringVar(&o.Profile, "profile", "", "the standard, by `NAME`: "+strings.Join(dcrclient.Profiles(), ", ")+" (default "+defaultProfile+", or the world's)")
	f.StringVar(&o.Base, "base", "", "`URL` of the registration endpoint (default that of the discovery document)")
	f.StringVar(&o.Discovery, "discovery", "", "`URL` of the bank's discovery document")
	f.StringVar(&o.Token, "token-endpoint", "", "`URL`, instead of discovery")
	f.StringVar(&o.Issuer, "issuer", "", "the bank's issuer, a `URL`, instead of discovery")
	f.StringVar(&o.Audience, "aud", "", "aud of registration requests: the bank's `ID` in the directory")
	f.StringVar(&o.certificate, "cert", "", "transport certificate, PEM `FILE`")
	f.StringVar(&o.key, "key", "", "its private key, PEM `FILE`")
	f.StringVar(&o.otherCertificate, "other-cert", "", "transport certificate of another TPP, PEM `FILE`: tokens must not work with it")
	f.StringVar(&o.otherKey, "other-key", "", "its private key, PEM `FILE`")
	f.StringVar(&o.ca, "ca", "", "CAs of the bank's servers, PEM `FILE` (default the system's)")
	f.Func("connect", "`HOST=ADDRESS` connects to ADDRESS, host:port, where a URL names HOST; may be repeated", o.addConnect)
	f.StringVar(&o.signingKey, "signing-key", "", "signing key, PEM `FILE`")
	f.StringVar(&o.KeyID, "kid", "", "its `ID` in the directory")
	f.StringVar(&o.statement, "ssa", "", "software statement, `FILE`")
	f.StringVar(&o.statementCommand, "ssa-command", "", "`COMMAND` for the shell that prints a fresh software statement, instead of --ssa")
	f.StringVar(&o.AuthMethod, "auth-method", "", "`METHOD` that the client authenticates by: private_key_jwt (the default) or tls_client_auth")
	f.Func("redirect-uri", "`URI` to register; may be repeated (default those of the software statement)", cli.Each(&o.RedirectURIs))
	f.Func("claim", "`NAME=JSON` to set in every registration request; may be repeated", cli.JSONMembers(&o.Claims))
	f.StringVar(&o.world, "world", "", "`DIR` of a sandbox: fills in all of the flags above")
	f.IntVar(&o.tpp, "tpp", 1, "`NUMBER` of the TPP in the sandbox, from 1")
	f.Func("only", "`ID`s of the cases to run, separated by commas", func(ids string) error {
		o.Only = append(o.Only, strings.Split(ids, ",")...)
		return nil
	})
	f.StringVar(&o.junit, "junit", "", "`FILE` for a report in JUnit's form")
	f.BoolVar(&o.onlyPublic, "public", false, "check only what everybody can see: the discovery document and the key set")
	f.BoolVar(&o.list, "list", false, "list the cases and run nothing")
	o.form.Add(f)
	f.Var(&o.form, "out", "the same as --output, in `FORM`")
}

// addConnect reads HOST=ADDRESS.
func (o *options) addConnect(text string) error {
	host, address, _ := strings.Cut(text, "=")
	if _, _, err := net.SplitHostPort(address); host == "" || err != nil {
		return errors.New("must be HOST=ADDRESS:PORT")
	}
	if o.Connect == nil {
		o.Connect = map[string]string{}
	}
	o.Connect[host] = address
	return nil
}
