package filter

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
)

// A refusal makes the refusal for a doubt.
type refusal func(*trust.Doubt) *dcr.Error

func always(e *dcr.Error) refusal { return func(*trust.Doubt) *dcr.Error { return e } }

// toRegistrant holds the refusals for a software product that registers. They give every reason: it has presented a
// statement of its directory.
var toRegistrant = map[trust.Kind]refusal{
	trust.NotBound:      always(dcr.RefuseStatement("statement.certificate", "does not match the software statement")),
	trust.NotAuthorised: always(dcr.RefuseStatement("statement.certificate_roles")),
	trust.NotListed:     always(dcr.RefuseStatement("statement.certificate", "is not listed in the directory for the software product or its organisation")),
	trust.NotProved:     always(dcr.RefuseStatement("statement.possession")),
	trust.Revoked:       always(dcr.Refuse("keys.revoked")),
	trust.Forged:        always(dcr.Refuse("request.signature")),
	trust.Unfit:         func(d *trust.Doubt) *dcr.Error { return dcr.Refuse("keys.set", d.Cause.Error()) },
	trust.Forbidden:     always(dcr.RefuseStatement("keys.host")),
	trust.Unavailable:   always(dcr.Refuse("keys.unavailable")),
}

// toStranger holds the refusals for a caller that claims to be a client, at the token endpoint and with each call: only
// that it may try again. All other doubts get the same refusal, so that the answer does not reveal whose keys and
// certificates they are.
var toStranger = map[trust.Kind]refusal{
	trust.Unavailable: always(dcr.Refuse("keys.unavailable")),
}

// refuse returns the table's refusal for a doubt, or the other refusal if the table has none. It returns any other
// error unchanged.
func refuse(err error, table map[trust.Kind]refusal, other string) error {
	doubt, ok := errors.AsType[*trust.Doubt](err)
	if !ok {
		return err
	}
	if of := table[doubt.Kind]; of != nil {
		return of(doubt).CausedBy(err)
	}
	return dcr.Refuse(other).CausedBy(err)
}
