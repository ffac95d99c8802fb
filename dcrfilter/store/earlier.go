package store

import (
	"google.golang.org/protobuf/proto"

	dcrpb "github.com/dcr-gateway/dcr-gateway/proto"
)

// readEarlier sets Software in a record that has the fields of earlier versions instead. It drops these fields, so that
// the next update writes today's form.
func readEarlier(c *dcrpb.Client, record []byte) error {
	if c.GetSoftware() != nil {
		return nil
	}
	var earlier dcrpb.EarlierClient
	if err := proto.Unmarshal(record, &earlier); err != nil {
		return err
	}
	c.ProtoReflect().SetUnknown(nil)
	c.Software = &dcrpb.Software{
		Directory: earlier.GetDirectory(), Id: earlier.GetSoftwareId(), OrgId: earlier.GetOrgId(),
		AuthorisationNumber: earlier.GetAuthorisationNumber(), Roles: earlier.GetRoles(),
		KeySets: &dcrpb.KeySets{
			Jwks: earlier.GetJwksUri(), RevokedJwks: earlier.GetRevokedJwksUri(),
			OrgJwks: earlier.GetOrgJwksUri(), OrgRevokedJwks: earlier.GetOrgRevokedJwksUri(),
		},
	}
	return nil
}
