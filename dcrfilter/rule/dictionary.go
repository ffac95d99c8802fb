package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// dictionary checks the request against the profile's data dictionary: what must be there is there, and what is there
// has the type, length, form and value that the dictionary asks. Members that the dictionary does not name are ignored:
// "An ASPSP may ignore claims in the request that it cannot process" (OBIE DCR, Data Dictionary). What the dictionary
// names for the response alone is answered and never asked; see the rules client_id and management.
func dictionary(r *dcr.Registration) error {
	var found []error
	for _, name := range slices.Sorted(maps.Keys(r.Profile.Members)) {
		member := r.Profile.Members[name]
		if member.In == dcr.InResponse {
			continue
		}
		for _, fault := range checkMember(r.Request, name, member) {
			found = append(found, dcr.Refuse(classOf(name), "dictionary."+fault.rule, fault.because).At(fault.pointer).Per(dataDictionary(r)))
		}
	}
	return dcr.Join(found...)
}

// classOf is the error code that RFC 7591, section 3.2.2, has for a member.
func classOf(member string) dcr.Class {
	switch member {
	case "redirect_uris":
		return dcr.InvalidRedirectURI
	case "software_statement":
		return dcr.InvalidSoftwareStatement
	}
	return dcr.InvalidClientMetadata
}

// fault is what is wrong with a member.
type fault struct{ rule, pointer, because string }

func checkMember(request strictjson.Object, name string, member *dcr.Member) []*fault {
	at := "/" + name
	if !request.Has(name) {
		if member.Required {
			return []*fault{{"required", at, name + " is missing: it is required"}}
		}
		return nil
	}
	texts, err := read(request, name, member)
	if err != nil {
		return []*fault{{"type", at, name + " must be " + kinds[member.Type]}}
	}
	if len(texts) < member.MinItems {
		return []*fault{{"min_items", at, fmt.Sprintf("%s must have at least %d items", name, member.MinItems)}}
	}
	var found []*fault
	for i, text := range texts {
		if fault := checkText(text, name, member); fault != nil {
			fault.pointer = at
			if member.Type == dcr.TypeStrings {
				fault.pointer = fmt.Sprintf("%s/%d", at, i)
			}
			found = append(found, fault)
		}
	}
	return found
}

// kinds says in a sentence what a member's type asks.
var kinds = map[string]string{
	dcr.TypeString:   "a string",
	dcr.TypeStrings:  "an array of strings",
	dcr.TypeAudience: "a string, or an array of one string",
	dcr.TypeInteger:  "an integer, written without quotes, fraction or exponent",
	dcr.TypeBoolean:  "true or false",
}

// read returns a member's text, or the text of each of its items.
func read(o strictjson.Object, name string, member *dcr.Member) ([]string, error) {
	switch member.Type {
	case dcr.TypeString:
		text, err := o.String(name)
		return []string{text}, err
	case dcr.TypeStrings:
		return o.Strings(name)
	case dcr.TypeAudience:
		text, err := one(o, name)
		return []string{text}, err
	case dcr.TypeInteger:
		number, err := o.Int(name)
		return []string{fmt.Sprint(number)}, err
	case dcr.TypeBoolean:
		truth, err := o.Bool(name)
		return []string{fmt.Sprint(truth)}, err
	}
	return nil, fmt.Errorf("rules: no type %s", member.Type)
}

// "In the special case when the JWT has one audience, the aud value MAY be a single case-sensitive string" (RFC 7519,
// section 4.1.3): one reads either form.
func one(o strictjson.Object, name string) (string, error) {
	if text, err := o.String(name); err == nil {
		return text, nil
	}
	texts, err := o.Strings(name)
	if err == nil && len(texts) != 1 {
		err = strictjson.ErrType
	}
	if err != nil {
		return "", err
	}
	return texts[0], nil
}

func checkText(text, name string, member *dcr.Member) *fault {
	must := name + " must "
	if member.Type == dcr.TypeStrings {
		must += "each "
	}
	length := utf8.RuneCountInString(text)
	switch {
	case length == 0:
		return &fault{rule: "length", because: must + "not be empty"}
	case member.MaxLength > 0 && length > member.MaxLength:
		return &fault{rule: "length", because: fmt.Sprintf("%shave at most %d characters", must, member.MaxLength)}
	case len(member.Values) > 0 && !slices.Contains(member.Values, text):
		return &fault{rule: "values", because: must + "be one of: " + list(member.Values)}
	case !member.Matches(text):
		return &fault{rule: "pattern", because: must + "have the form " + form(member.Pattern)}
	}
	return nil
}

// form is a pattern in a sentence: "Values for the error_description parameter MUST NOT include characters outside the set
// %x20-21 / %x23-5B / %x5D-7E" (RFC 6749, section 5.2), which are quotes and backslashes.
func form(pattern string) string {
	if strings.ContainsAny(pattern, `"\`) {
		return "that the data dictionary gives it"
	}
	return pattern
}
