package desk

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
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
		{"authorisation number", strings.TrimSuffix(s.Number+" of "+s.Authority, " of ")},
	}
	for _, kind := range s.Kinds {
		lines = append(lines, [2]string{"as " + kind.Kind, kind.text()})
	}
	if len(s.Kinds) == 0 && s.NoIdentity == "" {
		lines = append(lines, [2]string{"type", "none of a shipped directory: " + strings.Join(slices.Sorted(maps.Keys(directory.Types())), ", ")})
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
	const listed = "the certificate is a tls key of the software's or organisation's key set"
	var names []string
	if k.OrgID != "" {
		names = append(names, "org_id "+k.OrgID)
	}
	if k.SoftwareID != "" {
		names = append(names, "software_id "+k.SoftwareID)
	}
	if k.Number != "" {
		names = append(names, "registration_id "+k.Number)
	}
	text := strings.Join(names, ", ")
	switch {
	case k.kind.Binding == dcr.BySignature:
		return "no name of a software: the signature of the request, with a key of the software's jwks_uri, says whose it is"
	case k.kind.NamesAuthorisation() && k.Number == "":
		return "no authorisation number (want PSDcc-NCA-number): " + strings.Replace(listed, "is", "must be", 1)
	case k.kind.Binding == dcr.OrListed:
		return text + ", or " + listed
	}
	return text
}
