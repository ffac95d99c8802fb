package filter

import (
	"errors"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/trust"
)

// toRegistrant is what a software product that registers is told: all of it. It has shown a statement of its directory.
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

// toStranger is what somebody is told who claims to be a client, at the token endpoint and with each call: that they may
// try again. Every other doubt has the endpoint's one refusal, so that nobody learns which keys and certificates are whose.
var toStranger = map[trust.Kind]*dcr.Error{
	trust.Unavailable: dcr.Refuse("keys.unavailable"),
}

// refuse answers a doubt by a table, and by the other refusal where the table has none. Any other error stays one.
func refuse(err error, told map[trust.Kind]*dcr.Error, other string) error {
	doubt, ok := errors.AsType[*trust.Doubt](err)
	if !ok {
		return err
	}
	if refusal := told[doubt.Kind]; refusal != nil {
		return refusal.CausedBy(err)
	}
	return dcr.Refuse(other).CausedBy(err)
}
