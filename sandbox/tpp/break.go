package tpp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/sandbox/directory"
	"github.com/dcr-gateway/dcr-gateway/sandbox/part"
)

// everyFault is the name that asks for a list of all faults.
const everyFault = "list"

// errAnotherBank refuses --break where it would bother people.
var errAnotherBank = errors.New("--break works in a sandbox only: --world DIR, and no flags that name a bank or a TPP's papers")

// breakOnPurpose registers with a fault, and shows how the bank refuses it.
func (o *options) breakOnPurpose(ctx context.Context, stdout, stderr io.Writer) error {
	record, err := o.breakable()
	if err != nil {
		return &part.Exit{Code: part.UsageCode, Err: err}
	}
	if o.fault == everyFault {
		return listFaults(stdout, record.Profile)
	}
	fault, err := faultOf(record.Profile, o.fault)
	if err != nil {
		return &part.Exit{Code: part.UsageCode, Err: err}
	}
	client, request, err := o.breaking(ctx, record, fault)
	if err != nil {
		return &part.Exit{Code: part.UsageCode, Err: err}
	}
	if o.print {
		return request.Show(stdout)
	}
	_, _ = fmt.Fprintf(stderr, "broken: %s\nto be refused by %s\n", fault.What, fault.rules())
	if fault.twice {
		if err := accepted(ctx, client, request); err != nil {
			return &part.Exit{Code: part.UsageCode, Err: err}
		}
	}
	_, err = exchange(ctx, client, request, stdout, stderr)
	return err
}

// accepted sends a request that must be good.
func accepted(ctx context.Context, client *Client, request *Request) error {
	answer, err := client.Send(ctx, request)
	if err == nil && !answer.OK() {
		err = fmt.Errorf("the bank refuses the request when it is sent for the first time: status %d", answer.Status)
	}
	return err
}

// breakable is the TPP whose registration is broken. A list of the faults needs no more than a profile.
func (o *options) breakable() (Record, error) {
	if o.fault == everyFault && o.world == "" {
		record := Record{Profile: o.record.Profile}
		fill(&record.Profile, usualProfile)
		_, err := profileOf(record.Profile)
		return record, err
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

// breaking makes the request of a fault, and the client that sends it.
func (o *options) breaking(ctx context.Context, record Record, f *Fault) (*Client, *Request, error) {
	s, err := openSandbox(o.world, record.Profile)
	if err != nil {
		return nil, nil, err
	}
	b := &broken{sandbox: s, record: record, theirs: o.tpp - 1}
	if err := b.enrol(ctx, f.roles); err != nil {
		return nil, nil, err
	}
	if f.papers != nil {
		if err := f.papers(b, ctx); err != nil {
			return nil, nil, err
		}
	}
	client, err := b.client(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	ask := o.ask()
	if f.scope != "" {
		ask.Scope = f.scope
	}
	request, err := client.registerBroken(ask, f.request)
	return client, request, err
}

// registerBroken is Register with changes that no TPP would want.
func (c *Client) registerBroken(ask Ask, e edit) (*Request, error) {
	claims, err := c.claims(ask)
	if err != nil {
		return nil, err
	}
	e.apply(claims)
	request := newRequest(http.MethodPost, c.Registration)
	return request, c.write(request, claims, func(claims map[string]any) (string, error) {
		header := map[string]any{"alg": cmp.Or(e.algorithm, c.algorithm()), "typ": "JWT", "kid": c.SigningKeyID}
		signed, err := directory.Compact(c.signing, e.algorithm, header, claims)
		if e.unsigned {
			signed = signed[:strings.LastIndex(signed, ".")+1]
		}
		return signed, err
	})
}
