package tpp

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

const usage = `usage: dcr-gateway tpp VERB [flags]

A TPP's own tool. It works with any bank that follows one of the registration standards it knows (--profile).

  register   register a software with a bank; the outcome is kept in client.json
  token      get an access token (client_credentials) and keep it there
  get        read the registration
  update     replace the registration
  delete     delete the registration
  call URL   call an API of the bank with the access token

The answer's body goes to standard output, everything else to standard error.
Exit code: 0 the bank agreed, 1 the bank refused, 2 the request could not be made.
"dcr-gateway tpp VERB -h" lists a verb's flags. In a sandbox:

  dcr-gateway tpp register --world DIR
  dcr-gateway tpp token --scope accounts
  dcr-gateway tpp call https://127.0.0.1:8443/open-banking/v3.1/aisp/accounts
  dcr-gateway tpp register --world DIR --profile cdr-au --out au.json
  dcr-gateway tpp register --world DIR --break expired-ssa    (--break list: all of them)
`

// A verb makes the request of one of the tool's verbs and, when the bank agreed, takes what it has to remember.
type verb struct {
	name    string
	request func(*Client, *options) (*Request, error)
	keep    func(*Client, *Answer) error // nil: there is nothing to keep
}

func verbs() []verb {
	return []verb{
		{"register", func(c *Client, o *options) (*Request, error) { return c.Register(o.ask()) }, (*Client).Registered},
		{"token", func(c *Client, o *options) (*Request, error) { return c.TokenRequest(o.scope) }, (*Client).Granted},
		{"get", func(c *Client, _ *options) (*Request, error) { return c.Read() }, nil},
		{"update", func(c *Client, o *options) (*Request, error) { return c.Update(o.ask()) }, nil},
		{"delete", func(c *Client, _ *options) (*Request, error) { return c.Delete() }, func(c *Client, _ *Answer) error {
			c.Deleted = true
			return nil
		}},
		{"call", func(c *Client, o *options) (*Request, error) { return c.Call(o.method, o.url) }, nil},
	}
}

// Run is `dcr-gateway tpp`. The exit code of its error is 1 when the bank refused, 2 when the bank was not asked.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		_, _ = io.WriteString(stderr, usage)
		return &part.Exit{Code: part.UsageCode}
	}
	for _, v := range verbs() {
		if v.name == args[0] {
			return v.run(ctx, args[1:], stdout, stderr)
		}
	}
	_, _ = io.WriteString(stderr, usage)
	if strings.HasPrefix(args[0], "-h") || strings.HasPrefix(args[0], "--h") {
		return flag.ErrHelp
	}
	return &part.Exit{Code: part.UsageCode, Err: fmt.Errorf("no such verb: %s", args[0])}
}

func (v verb) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := &options{verb: v.name}
	if err := o.parse(args, stderr); err != nil {
		return err
	}
	if o.fault != "" {
		return o.breakOnPurpose(ctx, stdout, stderr)
	}
	client, err := o.client(ctx)
	if err != nil {
		return &part.Exit{Code: part.UsageCode, Err: err}
	}
	request, err := v.request(client, o)
	if err != nil {
		return &part.Exit{Code: part.UsageCode, Err: err}
	}
	if o.print {
		return request.Show(stdout)
	}
	answer, err := exchange(ctx, client, request, stdout, stderr)
	if err != nil {
		return err
	}
	if v.keep == nil {
		return nil
	}
	if err := v.keep(client, answer); err != nil {
		return err
	}
	return client.Write(o.file)
}

// exchange sends a request, and shows what the bank answers. A refusal is an error.
func exchange(ctx context.Context, client *Client, request *Request, stdout, stderr io.Writer) (*Answer, error) {
	answer, err := client.Send(ctx, request)
	if err != nil {
		return nil, &part.Exit{Code: part.UsageCode, Err: err}
	}
	report(stderr, request, answer)
	if err := show(stdout, answer.Body); err != nil {
		return nil, err
	}
	if !answer.OK() {
		return nil, &part.Exit{Code: 1}
	}
	return answer, nil
}

// show writes a body as it came, and ends its last line.
func show(w io.Writer, body []byte) error {
	if len(body) > 0 && body[len(body)-1] != '\n' {
		body = append(body, '\n')
	}
	_, err := w.Write(body)
	return err
}

// report says in a line what the bank answered and, when it refused, why.
func report(w io.Writer, request *Request, answer *Answer) {
	_, _ = fmt.Fprintf(w, "%s %s: %s in %d ms\n", request.Method, request.URL, answer.StatusText(), answer.Took.Milliseconds())
	if answer.OK() {
		return
	}
	refusal := answer.Refusal()
	if refusal.Code != "" {
		_, _ = fmt.Fprintf(w, "refused: %s\n", strings.TrimSuffix(refusal.Code+": "+refusal.Description, ": "))
	}
	for _, d := range refusal.Details {
		_, _ = fmt.Fprintf(w, "  rule %s\n", strings.Join(present(d.Rule, d.Pointer, d.Clause), ", "))
		if len(refusal.Details) > 1 && d.Description != "" { // one is what error_description says
			_, _ = fmt.Fprintf(w, "    %s\n", d.Description)
		}
		if d.Fix != "" {
			_, _ = fmt.Fprintf(w, "    to fix it: %s\n", d.Fix)
		}
	}
	if id := answer.Header.Get("X-Fapi-Interaction-Id"); id != "" {
		_, _ = fmt.Fprintf(w, "  tell the bank: x-fapi-interaction-id %s\n", id)
	}
	if answer.Status == http.StatusUnauthorized && request.Header.Get("Authorization") != "" {
		_, _ = fmt.Fprintln(w, "  the access token may have expired: dcr-gateway tpp token gets a new one")
	}
}

func present(texts ...string) []string {
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return all
}
