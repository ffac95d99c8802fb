package tpp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dcr-gateway/dcr-gateway/internal/cli"
	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// A verb makes the request of one of the tool's commands and, when the bank agreed, takes what it has to remember.
type verb struct {
	name, operands, summary, example string

	request func(*Client, *options) (*dcrclient.Request, error)
	keep    func(*Client, *dcrclient.Answer) error // nil: there is nothing to keep
	told    func(*Client) string                   // what was kept, for the person who asked; nil: nothing to say
}

func verbs() []verb {
	return []verb{
		{
			"register", "", "Register a software product with a bank; the outcome is kept in client.json",
			"dcr-gateway tpp register --world DIR\ndcr-gateway tpp register --world DIR --profile cdr-au --client au.json\n" +
				"dcr-gateway tpp register --world DIR --break expired-ssa\ndcr-gateway tpp register --break list",
			func(c *Client, o *options) (*dcrclient.Request, error) { return c.Register(o.ask()) }, (*Client).Registered,
			func(c *Client) string { return "client_id " + c.ClientID },
		},
		{
			"token", "", "Get an access token (client_credentials) and keep it there", "dcr-gateway tpp token --scope accounts",
			func(c *Client, o *options) (*dcrclient.Request, error) { return c.TokenRequest(o.scope) }, (*Client).Granted,
			func(c *Client) string { return "a token until " + c.Access.Expires.Format(time.RFC3339) },
		},
		{
			"get", "", "Read the registration", "dcr-gateway tpp get",
			func(c *Client, _ *options) (*dcrclient.Request, error) { return c.Read() }, nil, nil,
		},
		{
			"update", "", "Replace the registration", `dcr-gateway tpp update --claim 'redirect_uris=["https://tpp.example.com/cb"]'`,
			func(c *Client, o *options) (*dcrclient.Request, error) { return c.Update(o.ask()) }, nil, nil,
		},
		{
			"delete", "", "Delete the registration", "dcr-gateway tpp delete",
			func(c *Client, _ *options) (*dcrclient.Request, error) { return c.Delete() },
			func(c *Client, _ *dcrclient.Answer) error { c.Deleted, c.Access = true, nil; return nil }, nil,
		},
		{
			"call", "URL", "Call an API of the bank with the access token",
			"dcr-gateway tpp call https://127.0.0.1:8443/open-banking/v3.1/aisp/accounts",
			func(c *Client, o *options) (*dcrclient.Request, error) { return c.Call(o.method, o.url) }, nil, nil,
		},
	}
}

// Command is the tool, for the program's table. The exit code is 1 when the bank refused, 2 when the bank was not asked.
func Command() cli.Command {
	group := cli.Command{
		Name: "tpp", Summary: "Register, token, get, update, delete, call: what a TPP does, at any bank",
		Details: `It works with any bank that follows one of the registration standards that it knows (register --profile).
The answer's body goes to standard output, everything else to standard error.
exit codes: 0 the bank agreed, 1 the bank refused, 2 the request could not be made`,
	}
	for _, v := range verbs() {
		group.Commands = append(group.Commands, cli.Command{
			Name: v.name, Operands: v.operands, Summary: v.summary, Example: v.example,
			Setup: func(flags *flag.FlagSet) cli.Run {
				o := &options{verb: v.name}
				o.declare(flags)
				return func(ctx context.Context, call cli.Call) error { return v.run(ctx, o, call) }
			},
		})
	}
	return group
}

// notAsked is the error of a command whose bank was not asked.
func notAsked(err error) error { return cli.Exit{Code: cli.Wrong, Text: err.Error()} }

func (v verb) run(ctx context.Context, o *options, call cli.Call) error {
	if len(call.Operands) > 0 {
		o.url = call.Operands[0]
	}
	if o.fault != "" {
		return o.breakOnPurpose(ctx, call)
	}
	client, err := o.client(ctx)
	if err != nil {
		return notAsked(err)
	}
	request, err := v.request(client, o)
	if err != nil {
		return notAsked(err)
	}
	if !o.sends() {
		return o.show(call.Stdout, request)
	}
	if o.dryRun {
		request.Header.Set("Prefer", "dry-run") // RFC 7240
	}
	answer, err := exchange(ctx, client, request, call)
	if err != nil || v.keep == nil || o.dryRun {
		return err
	}
	if err := v.keep(client, answer); err != nil {
		return err
	}
	if v.told != nil {
		_, _ = fmt.Fprintf(call.Stderr, "%s, kept in %s\n", v.told(client), o.file)
	}
	return client.Write(o.file)
}

// show prints a request in place of sending it: decoded, or its body as it is.
func (o *options) show(w io.Writer, request *dcrclient.Request) error {
	if !o.raw {
		return show(w, request)
	}
	if len(request.Body) == 0 {
		return notAsked(errors.New("this request has no body: --print shows it"))
	}
	_, err := fmt.Fprintf(w, "%s\n", request.Body)
	return err
}

// exchange sends a request, and shows what the bank answers. A refusal is an error.
func exchange(ctx context.Context, client *Client, request *dcrclient.Request, call cli.Call) (*dcrclient.Answer, error) {
	answer, err := client.Send(ctx, request)
	if err != nil {
		return nil, notAsked(err)
	}
	report(call.Stderr, request, answer)
	if _, err := call.Stdout.Write(written(answer.Body, isTerminal(call.Stdout))); err != nil {
		return nil, err
	}
	if !answer.OK() {
		return nil, cli.Exit{Code: cli.Failed}
	}
	return answer, nil
}

// written is a body with a line break at its end and, on a terminal, JSON over several lines.
func written(body []byte, terminal bool) []byte {
	var indented bytes.Buffer
	if terminal && json.Indent(&indented, body, "", "  ") == nil {
		body = indented.Bytes()
	}
	if len(body) > 0 && body[len(body)-1] != '\n' {
		body = append(body, '\n')
	}
	return body
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// everyFault is the name that asks for a list of all faults.
const everyFault = "list"

// errAnotherBank refuses --break where it would bother people.
var errAnotherBank = errors.New("--break works in a sandbox only: --world DIR, and no flags that name a bank or a TPP's papers")

// breakOnPurpose registers with a fault, and shows how the bank refuses it.
func (o *options) breakOnPurpose(ctx context.Context, call cli.Call) error {
	record, err := o.breakable()
	if err != nil {
		return notAsked(err)
	}
	if o.fault == everyFault {
		return listFaults(call.Stdout, record.Profile)
	}
	fault, err := faultOf(record.Profile, o.fault)
	if err != nil {
		return notAsked(err)
	}
	client, request, err := o.broken(ctx, record, fault)
	if err != nil {
		return notAsked(err)
	}
	if !o.sends() {
		return o.show(call.Stdout, request)
	}
	_, _ = fmt.Fprintf(call.Stderr, "broken: %s\nto be refused by %s\n", fault.What, fault.rules())
	if fault.twice {
		if err := accepted(ctx, client, request); err != nil {
			return notAsked(err)
		}
	}
	_, err = exchange(ctx, client, request, call)
	return err
}

// broken makes the request of a fault, and the client that sends it.
func (o *options) broken(ctx context.Context, record Record, f *Fault) (*Client, *dcrclient.Request, error) {
	s, err := openSandbox(o.world, record.Profile)
	if err != nil {
		return nil, nil, err
	}
	b, err := newBroken(ctx, record, s, f.roles, o.tpp-1)
	if err != nil {
		return nil, nil, err
	}
	client, err := b.client(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	ask := o.ask()
	ask.Scope = cmp.Or(f.scope, ask.Scope)
	ask.Change = f.request.apply
	request, err := client.Register(ask)
	return client, request, err
}

// accepted sends a request that must be good.
func accepted(ctx context.Context, client *Client, request *dcrclient.Request) error {
	answer, err := client.Send(ctx, request)
	if err == nil && !answer.OK() {
		err = fmt.Errorf("the bank refuses the request when it is sent for the first time: status %d", answer.Status)
	}
	return err
}

// breakable is the TPP whose registration is broken. A list of the faults needs no more than a profile.
func (o *options) breakable() (Record, error) {
	if o.fault == everyFault && o.world == "" {
		record := Record{Profile: cmp.Or(o.record.Profile, usualProfile)}
		return record, knownProfile(record.Profile)
	}
	if o.fault != everyFault {
		if err := knownFault(o.fault); err != nil {
			return Record{}, err
		}
	}
	named := o.record
	named.Profile, named.AuthMethod = "", ""
	if o.world == "" || named != (Record{}) {
		return Record{}, errAnotherBank
	}
	return o.settle()
}
