package dcr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dn"
)

// A CertificateType describes a type of client certificate by the attributes of its subject, and says which of them
// identify the software product. A pattern is text with at most one "*", which stands for any text, or with
// placeholders for the software product's names: {software_id}, {org_id}, and {authority} with {authorisation_number}.
// "" means that the subject must not have the attribute.
type CertificateType struct {
	Subject map[string]string `yaml:"subject" keys:"attribute" is:"pattern,required" doc:"attributes of the subject, each with its pattern"`
	Binding string            `yaml:"binding" is:"binding" doc:"what binds a certificate to a software product: subject (the default), subject_or_listed or signature"`

	PSD2Statement bool `yaml:"psd2_statement" is:"bool" doc:"certificates of this type must have a PSD2 QCStatement: without one they have no roles"`

	Name       string // under which it was compiled
	attributes []attribute
}

// Values of a certificate type's Binding.
const (
	BySubject   = "subject"
	OrListed    = "subject_or_listed" // or a tls key in the key set of the software product or organisation
	BySignature = "signature"         // no attribute: the software product's key signs the request or assertion
)

// An attribute is the compiled pattern of one attribute type.
type attribute struct {
	oid, pattern   string
	prefix, suffix string // of every value of this form; "" if the pattern has no such part
	exact          bool   // the value must equal the pattern
}

// The placeholders of a pattern.
const (
	softwareIDPlace = "{software_id}"
	orgIDPlace      = "{org_id}"
	authorityPlace  = "{authority}"
	numberPlace     = "{authorisation_number}"
)

// ErrPattern says that a pattern cannot be read.
var ErrPattern = errors.New(`must be text with at most one "*", or with {software_id}, {org_id} or {authority} and then {authorisation_number}`)

// Compile prepares the type for use under this name; a type that was not compiled matches no certificate. It returns
// the problems by attribute; the key "" holds a problem of the type as a whole.
func (t *CertificateType) Compile(name string) map[string]error {
	wrong, bound := map[string]error{}, false
	t.Name, t.attributes = name, nil
	for _, key := range slices.Sorted(maps.Keys(t.Subject)) {
		a, err := newAttribute(key, t.Subject[key])
		if err != nil {
			wrong[key] = err
			continue
		}
		bound = bound || a.names()
		t.attributes = append(t.attributes, a)
	}
	switch {
	case len(wrong) > 0:
	case t.Binding == BySignature && bound:
		wrong[""] = errors.New("must not name the software product where a signature alone binds the certificate")
	case t.Binding != BySignature && !bound:
		wrong[""] = errors.New("must name the software product by an attribute, unless binding is signature")
	}
	if len(wrong) > 0 {
		t.attributes = nil
	}
	return wrong
}

func newAttribute(key, pattern string) (attribute, error) {
	a := attribute{oid: dn.TypeOf(key), pattern: pattern}
	if a.oid == "" {
		return a, fmt.Errorf("is not the name or OID of an attribute")
	}
	first, last := strings.IndexAny(pattern, "{*"), strings.LastIndexAny(pattern, "}*")
	if first < 0 || last < first {
		a.exact = true
		return a, checkLiteral(pattern)
	}
	a.prefix, a.suffix = pattern[:first], pattern[last+1:]
	places := []string{"*", softwareIDPlace, orgIDPlace}
	middle := pattern[first : last+1]
	number, pair := strings.CutPrefix(middle, authorityPlace)
	if pair = pair && strings.HasSuffix(number, numberPlace); pair {
		middle = strings.TrimSuffix(number, numberPlace)
	} else if slices.Contains(places, middle) {
		middle = ""
	} else {
		return a, ErrPattern
	}
	return a, checkLiteral(a.prefix + middle + a.suffix)
}

func checkLiteral(text string) error {
	if strings.ContainsAny(text, "{}*") {
		return ErrPattern
	}
	return nil
}

// value returns the subject's value of the attribute, if it has the form of the pattern for any software product.
func (a attribute) value(subject dn.Name) (string, bool) {
	value, count := "", 0
	for _, rdn := range subject {
		for _, named := range rdn {
			if named.Type == a.oid {
				value, count = named.Value, count+1
			}
		}
	}
	if a.pattern == "" {
		return "", count == 0
	}
	if count != 1 {
		return "", false
	}
	if a.exact {
		return value, value == a.pattern
	}
	rest, begins := strings.CutPrefix(value, a.prefix)
	return value, begins && strings.HasSuffix(rest, a.suffix)
}

// Is reports whether a certificate with this subject is of the type, whatever software product holds it. One subject
// may match several types, which then differ only in their issuers.
func (t *CertificateType) Is(subject dn.Name) bool {
	for _, a := range t.attributes {
		if _, is := a.value(subject); !is {
			return false
		}
	}
	return len(t.attributes) > 0
}

// Binds reports whether the names in a subject of this type are the software product's. A type with BySignature has no
// names to compare and always binds: the signature proves the software product.
func (t *CertificateType) Binds(subject dn.Name, of *Software) bool {
	for _, a := range t.attributes {
		value, is := a.value(subject)
		if !is || a.names() && value != a.of(of) {
			return false
		}
	}
	return len(t.attributes) > 0
}

// names reports whether the attribute names the software product.
func (a attribute) names() bool { return strings.Contains(a.pattern, "{") }

// of returns the value that the software product's certificates have. It returns "" if the product lacks a name for it;
// no attribute has this value, so an absent name matches nothing.
func (a attribute) of(software *Software) string {
	value := a.pattern
	for _, one := range [...]struct{ place, name string }{
		{softwareIDPlace, software.GetId()}, {orgIDPlace, software.GetOrgId()},
		{authorityPlace, software.GetAuthority()}, {numberPlace, software.GetAuthorisationNumber()},
	} {
		if !strings.Contains(a.pattern, one.place) {
			continue
		}
		if one.name == "" {
			return ""
		}
		value = strings.Replace(value, one.place, one.name, 1)
	}
	return value
}

// Names returns the ids in a subject of this type; each is "" if the subject does not contain it.
func (t *CertificateType) Names(subject dn.Name) (softwareID, orgID string) {
	for _, a := range t.attributes {
		value, is := a.value(subject)
		if !is || a.exact {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(value, a.prefix), a.suffix)
		switch {
		case strings.Contains(a.pattern, softwareIDPlace):
			softwareID = name
		case strings.Contains(a.pattern, orgIDPlace):
			orgID = name
		}
	}
	return softwareID, orgID
}

// NamesSoftware reports whether a bound certificate belongs to one software product: its subject contains the software
// id. All other certificates belong to the organisation.
func (t *CertificateType) NamesSoftware() bool { return t.has(softwareIDPlace) }

// NamesAuthorisation reports whether the number of the competent authority binds the certificate.
func (t *CertificateType) NamesAuthorisation() bool { return t.has(numberPlace) }

func (t *CertificateType) has(place string) bool {
	return slices.ContainsFunc(t.attributes, func(a attribute) bool { return strings.Contains(a.pattern, place) })
}

// String returns the name of the type with what its subjects have: "qwac (organizationIdentifier PSD...)".
func (t *CertificateType) String() string {
	var parts []string
	for _, a := range t.attributes {
		part := dn.TypeName(a.oid) + " " + strings.TrimSpace(a.prefix+"...")
		switch {
		case a.pattern == "":
			part = "no " + dn.TypeName(a.oid)
		case a.exact:
			part = dn.TypeName(a.oid) + " " + a.pattern
		}
		parts = append(parts, part)
	}
	return t.Name + " (" + strings.Join(parts, ", ") + ")"
}

// Example returns a subject of this type for the software product.
func (t *CertificateType) Example(of *Software) dn.Name {
	var subject dn.Name
	for _, a := range t.attributes {
		if value := strings.ReplaceAll(a.of(of), "*", "example"); value != "" {
			subject = append(subject, dn.RDN{{Type: a.oid, Value: value}})
		}
	}
	return subject
}
