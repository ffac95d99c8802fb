package request

import (
	"fmt"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/jose"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// Verified reads a registration request and its software statement without verifying them. Use it only for a body that
// a gate has verified and checked, as its facts about exactly these bytes say.
func Verified(profile *dcr.Profile, from *dcr.Directory, body []byte) (*dcr.Asked, error) {
	claims, err := verifiedClaims(profile, body)
	if err != nil {
		return nil, fmt.Errorf("a registration request: %w", err)
	}
	raw, err := claims.String("software_statement")
	if err != nil {
		return nil, fmt.Errorf("a registration request: %w", err)
	}
	stated, err := VerifiedStatement(raw)
	if err != nil {
		return nil, fmt.Errorf("a software statement: %w", err)
	}
	statement, err := directory.ReadStatement(from, stated, raw)
	if err != nil {
		return nil, err
	}
	return &dcr.Asked{Profile: profile, Directory: from, Request: present(claims), Statement: statement}, nil
}

func verifiedClaims(profile *dcr.Profile, body []byte) (strictjson.Object, error) {
	if profile.Body == dcr.BodyJSON {
		return strictjson.Parse(body)
	}
	return jose.ClaimsVerifiedElsewhere(string(body), maxBytes)
}

// VerifiedStatement returns the claims of a software statement that was verified before, such as that of a stored
// record.
func VerifiedStatement(raw string) (strictjson.Object, error) {
	return jose.ClaimsVerifiedElsewhere(raw, maxBytes)
}
