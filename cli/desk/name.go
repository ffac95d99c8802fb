package desk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/cert"
	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// A shownName is everything that the gate reads in a name.
type shownName struct {
	RDNs         [][]shownAttribute `json:"rdns"` // in the order of the certificate
	RFC4514      string             `json:"rfc4514"`
	OpenSSL      string             `json:"openssl"`
	Length       int                `json:"length"` // of RFC4514, in characters
	Kinds        []shownKind        `json:"kinds"`
	Identifier   string             `json:"organization_identifier,omitempty"`
	Authority    string             `json:"authority,omitempty"`  // that gave the number: GB-FCA
	Number       string             `json:"psp_number,omitempty"` // of the identifier, where it is PSDcc-NCA-number
	Thumbprint   string             `json:"x5t#S256,omitempty"`
	NotAfter     string             `json:"not_after,omitempty"`
	Roles        []string           `json:"psd2_roles,omitempty"`
	NotTLSClient string             `json:"not_a_tls_client,omitempty"` // why a gate would refuse the certificate
	NoIdentity   string             `json:"no_identity,omitempty"`      // why the name identifies no organisation
}

type shownAttribute struct {
	Type  string `json:"type"`
	OID   string `json:"oid"`
	Value string `json:"value"`
}

// A shownKind is a certificate type that the name fits, and what binds it to a software statement.
type shownKind struct {
	Kind       string `json:"kind"`
	OrgID      string `json:"org_id,omitempty"`
	SoftwareID string `json:"software_id,omitempty"`
	Number     string `json:"registration_id,omitempty"` // the authorisation number

	kind *dcr.CertificateType
}

func showName(_ context.Context, c *call) error {
	name, text, err := readName(c.Operands[0])
	if err != nil {
		return err
	}
	shown := newShownName(name)
	if text != nil {
		shown.addCertificate(text)
	}
	return c.print(shown)
}

// readName reads an operand: a name, or a file with a certificate, whose text it also returns.
func readName(operand string) (name dn.Name, certificate []byte, err error) {
	_, err = os.Stat(operand)
	if operand == "-" || err == nil {
		if certificate, err = read(operand); err != nil {
			return nil, nil, err
		}
		certificate = cert.First(certificate)
		if name, err = cert.SubjectOfPEM(certificate); err != nil {
			return nil, nil, unusable("%s: %s", operand, because(err))
		}
		return name, certificate, nil
	}
	if !strings.Contains(operand, "=") && errors.Is(err, fs.ErrNotExist) {
		return nil, nil, unusable("%s is neither a file nor a distinguished name as CN=...,C=GB", operand)
	}
	if name, err = dn.Parse(pasted(operand)); err != nil {
		return nil, nil, unusable("%s", because(err))
	}
	return inOrder(name), nil, nil
}

// label is what tools write before a name: openssl "subject=", openssl -text "Subject: ", curl "*  subject: ", keytool
// "Owner: ".
var label = regexp.MustCompile(`^[*\s]*(?i:subject|issuer|owner)\s*[=:]`)

// pasted is the name in a line of a tool's output. Python prints <Name(CN=a)>.
func pasted(text string) string {
	text = strings.TrimPrefix(text, label.FindString(text))
	if name, ok := strings.CutPrefix(strings.TrimSpace(text), "<Name("); ok {
		return strings.TrimSuffix(name, ")>")
	}
	return text
}

// inOrder reverses a name that was written from country to CN, the order of certificates but not of RFC 4514. Both are the
// same name.
func inOrder(name dn.Name) dn.Name {
	is := func(rdn dn.RDN) bool { return len(rdn) == 1 && dn.TypeName(rdn[0].Type) == "CN" }
	if last := len(name) - 1; is(name[0]) && !is(name[last]) {
		slices.Reverse(name)
	}
	return name
}

// because returns what a cert.Error says to a client.
func because(err error) string {
	if told, ok := errors.AsType[*cert.Error](err); ok {
		return told.Because
	}
	return err.Error()
}

func newShownName(name dn.Name) *shownName {
	shown := &shownName{RFC4514: name.String(), OpenSSL: name.Slashes(), Kinds: []shownKind{}}
	shown.Length = utf8.RuneCountInString(shown.RFC4514)
	for _, rdn := range name {
		attributes := make([]shownAttribute, 0, len(rdn))
		for _, a := range rdn {
			attributes = append(attributes, shownAttribute{Type: dn.TypeName(a.Type), OID: a.Type, Value: a.Value})
		}
		shown.RDNs = append(shown.RDNs, attributes)
	}
	if err := cert.CheckSubject(name); err != nil {
		shown.NoIdentity = because(err)
		return shown
	}
	shown.Identifier = strings.Join(name.Values(dn.OrganizationIdentifier), "")
	shown.Authority, shown.Number = cert.Authorisation(name)
	shown.Kinds = append(shown.Kinds, kindsOf(name, shown.Number)...)
	return shown
}

// kindsOf returns what binds a certificate with the name, for each type that it fits.
func kindsOf(name dn.Name, number string) []shownKind {
	var kinds []shownKind
	types := directory.Types()
	for _, known := range slices.Sorted(maps.Keys(types)) {
		kind := types[known]
		if !kind.Is(name) {
			continue
		}
		shown := shownKind{Kind: known, kind: kind}
		shown.SoftwareID, shown.OrgID = kind.Names(name)
		if kind.NamesAuthorisation() {
			shown.Number = number
		}
		kinds = append(kinds, shown)
	}
	return kinds
}

func (s *shownName) addCertificate(text []byte) {
	certificate, err := cert.ParsePEM(text)
	if err != nil {
		s.NotTLSClient = because(err)
		return
	}
	s.Thumbprint, s.NotAfter, s.Roles = certificate.Thumbprint, date(certificate.NotAfter), certificate.Roles
}

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
	writeTable(&text, s.lines())
	return text.String()
}

// lines returns the rows of the text: label and value.
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
		lines = append(lines, [2]string{"type", "not one of a shipped directory: " + strings.Join(slices.Sorted(maps.Keys(directory.Types())), ", ")})
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
		return "does not name a software product: the signature of the request, with a key of the software product's jwks_uri, identifies it"
	case k.kind.NamesAuthorisation() && k.Number == "":
		return "no authorisation number (want PSDcc-NCA-number): " + strings.Replace(listed, "is", "must be", 1)
	case k.kind.Binding == dcr.OrListed:
		return text + ", or " + listed
	}
	return text
}
