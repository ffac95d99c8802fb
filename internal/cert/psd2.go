package cert

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
)

// psd2Statement is the statementInfo of the PSD2 qcStatement (ETSI TS 119 495, annex A).
type psd2Statement struct {
	Roles   []psd2Role
	NCAName string
	NCAID   string
}

type psd2Role struct {
	ID   asn1.ObjectIdentifier
	Name string
}

type qcStatement struct {
	ID   asn1.ObjectIdentifier
	Info asn1.RawValue `asn1:"optional"`
}

// roleNames maps the OIDs of the roles of ETSI TS 119 495, section 5.1, to the names in software statements. The name
// beside the OID in the certificate is ignored.
var roleNames = map[string]string{
	"0.4.0.19495.1.1": "ASPSP", // PSP_AS
	"0.4.0.19495.1.2": "PISP",  // PSP_PI
	"0.4.0.19495.1.3": "AISP",  // PSP_AI
	"0.4.0.19495.1.4": "CBPII", // PSP_IC
}

// psd2Roles returns the roles of the PSD2 qcStatement, or nil if there is none.
func psd2Roles(extensions []pkix.Extension) ([]string, error) {
	for _, extension := range extensions { // x509.ParseCertificate refuses repeated extensions
		if !extension.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 3}) {
			continue
		}
		roles, err := rolesOf(extension.Value)
		if err != nil {
			return nil, refuse("certificate.qc_statements", "the client certificate's qcStatements are not well-formed")
		}
		return roles, nil
	}
	return nil, nil
}

func rolesOf(der []byte) ([]string, error) {
	var statements []qcStatement
	if err := unmarshal(der, &statements); err != nil {
		return nil, err
	}
	var roles []string
	for _, statement := range statements {
		if !statement.ID.Equal(asn1.ObjectIdentifier{0, 4, 0, 19495, 2}) {
			continue
		}
		var psd2 psd2Statement
		if roles != nil { // two statements are ambiguous
			return nil, asn1.StructuralError{Msg: "two PSD2 statements"}
		}
		if err := unmarshal(statement.Info.FullBytes, &psd2); err != nil {
			return nil, err
		}
		roles = []string{}
		for _, role := range psd2.Roles {
			name := roleNames[role.ID.String()]
			if name != "" && !slices.Contains(roles, name) {
				roles = append(roles, name)
			}
		}
	}
	return roles, nil
}

// unmarshal reads one DER value and refuses trailing bytes.
func unmarshal(der []byte, value any) error {
	rest, err := asn1.Unmarshal(der, value)
	if err == nil && len(rest) > 0 {
		return asn1.SyntaxError{Msg: "trailing data"}
	}
	return err
}
