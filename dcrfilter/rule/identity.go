package rule

import (
	"errors"
	"slices"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// "For SSAs issued by the OB Directory, this must be the software_id" (OBIE DCR, Data Dictionary, iss).
func issuer(r *dcr.Registration) error {
	iss, err := r.Request.String("iss")
	if err != nil || r.Statement.Software.Id == "" || iss != r.Statement.Software.Id {
		return dcr.Refuse("issuer").At("/iss")
	}
	return nil
}

// "If specified, the software_id in the request MUST match the software_id specified in the SSA" (OBIE DCR, Data
// Dictionary, software_id).
func softwareID(r *dcr.Registration) error {
	id, err := optional(r.Request, "software_id", r.Request.String)
	if err != nil {
		return err
	}
	if r.Request.Has("software_id") && id != r.Statement.Software.Id {
		return dcr.Refuse("software_id").At("/software_id")
	}
	return nil
}

// "This should be the unique identifier for the ASPSP issued by the issuer of the software statement. An ASPSP ... may
// validate the value of the claim" (OBIE DCR, Data Dictionary, aud). Which identifiers are ours is configuration; they
// are compared exactly.
func audience(r *dcr.Registration) error {
	aud, err := one(r.Request, "aud")
	if err != nil || aud == "" || !slices.Contains(r.Audiences, aud) {
		return dcr.Refuse("audience").At("/aud")
	}
	return nil
}

// timeRefusals maps a time claim of the request to its refusal.
var timeRefusals = map[string]string{"iat": "times.iat", "nbf": "times.nbf", "exp": "times.exp"}

// "An ASPSP processing the request must reject requests where the current time is greater than the time specified in
// the claim" (OBIE DCR, Data Dictionary, exp). A request that is too old or valid for too long is refused too, because
// its jti cannot be kept for ever.
func times(r *dcr.Registration) error {
	read, err := dcr.ReadTimes(r.Request)
	if err == nil {
		err = read.Check(r.Now, r.Profile.Request.MaxAge, r.Profile.Request.MaxLifetime)
	}
	var wrong *dcr.TimeError
	if errors.As(err, &wrong) {
		return dcr.Refuse(timeRefusals[wrong.Claim], wrong.Must).At("/" + wrong.Claim)
	}
	return err
}
