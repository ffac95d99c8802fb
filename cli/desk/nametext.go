package desk

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

func (s *shownName) text() string {
	var text strings.Builder
	text.WriteString("RDNs, in the order of a certificate\n")
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for i, rdn := range s.RDNs {
		number := fmt.Sprint(i + 1)
		for _, a := range rdn {
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", number, a.Type, a.OID, a.Value)
			number = "+"
		}
	}
	_ = table.Flush() // into memory
	text.WriteString("\n")
	table = tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, line := range s.lines() {
		if line[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
		}
	}
	_ = table.Flush() // into memory
	return text.String()
}

// lines are what there is to say, each with what it is about.
func (s *shownName) lines() [][2]string {
	register := fmt.Sprintf("%s (%d characters", s.RFC4514, s.Length)
	if s.Length > 128 {
		register += ": OBIE DCR before 3.4 allows 128"
	}
	lines := [][2]string{
		{"RFC 4514", s.RFC4514},
		{"OpenSSL", s.OpenSSL},
		{"tls_client_auth_subject_dn", register + ")"},
		{"organization identifier", s.Identifier},
		{"its PSP number", s.PSPNumber},
	}
	for _, kind := range s.Kinds {
		lines = append(lines, [2]string{"as " + kind.Kind, kind.text()})
	}
	if len(s.Kinds) == 0 && s.NoIdentity == "" {
		lines = append(lines, [2]string{"kind", "none: neither CN and OU, nor CN and organizationIdentifier, nor an organizationIdentifier of PSD..., nor CN, O and OU of the CDR"})
	}
	return append(lines, [2]string{"names nobody", s.NoIdentity}, [2]string{"PSD2 roles", strings.Join(s.Roles, " ")},
		[2]string{"x5t#S256", s.Thumbprint}, [2]string{"valid until", s.NotAfter},
		[2]string{"as a TLS client", refusedAs(s.NotTLSClient)})
}

func refusedAs(why string) string {
	if why == "" {
		return ""
	}
	return "is refused: " + why
}

func (k shownKind) text() string {
	switch k.Kind {
	case "ob_legacy":
		return "org_id " + k.OrgID + ", software_id " + k.Bound
	case "obwac":
		return "org_id " + k.OrgID
	case "cdr":
		return "no name of a software: the signature of the request, with a key of the software's jwks_uri, says whose it is"
	}
	if k.Numbers == "" {
		return "no PSP number (want PSDcc-NCA-number): the certificate must be a tls key of the software's or organisation's key set"
	}
	return "registration_id " + k.Numbers + ", or the certificate is a tls key of the software's or organisation's key set"
}
