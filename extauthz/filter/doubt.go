package filter

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
)

// toRegistrant holds the refusals for a software product that registers. They give every reason: it has presented a
// statement of its directory.
var toRegistrant = map[trust.Kind]*dcr.Error{
	trust.NotBound:      dcr.RefuseStatement("statement.certificate", "does not match the software statement"),
	trust.NotAuthorised: dcr.RefuseStatement("statement.certificate_roles"),
	trust.NotListed:     dcr.RefuseStatement("statement.certificate", "is not listed in the directory for the software product or its organisation"),
	trust.NotProved:     dcr.RefuseStatement("statement.possession"),
	trust.Revoked:       dcr.Refuse("keys.revoked"),
	trust.Forged:        dcr.Refuse("request.signature"),
	trust.Forbidden:     dcr.RefuseStatement("keys.host"),
	trust.Unavailable:   dcr.Refuse("keys.unavailable"),
}

// toStranger holds the refusals for a caller that claims to be a client, at the token endpoint and with each call: only
// that it may try again. All other doubts get the same refusal, so that the answer does not reveal whose keys and
// certificates they are.
var toStranger = map[trust.Kind]*dcr.Error{
	trust.Unavailable: dcr.Refuse("keys.unavailable"),
}

// refuse returns the table's refusal for a doubt, or the other refusal if the table has none. It returns any other
// error unchanged.
func refuse(err error, table map[trust.Kind]*dcr.Error, other string) error {
	doubt, ok := errors.AsType[*trust.Doubt](err)
	if !ok {
		return err
	}
	if refusal := table[doubt.Kind]; refusal != nil {
		return refusal.CausedBy(err)
	}
	return dcr.Refuse(other).CausedBy(err)
}
