package rule

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// dictionary checks the request against the profile's data dictionary: required members are present, and all members
// have the type, length, form and value that it defines. Members that it does not define are ignored: "An ASPSP may
// ignore claims in the request that it cannot process" (OBIE DCR, Data Dictionary). Members only for the response are
// not checked here; see the rules client_id and management.
func dictionary(r *dcr.Registration) error {
	var found []error
	for _, name := range slices.Sorted(maps.Keys(r.Profile.Members)) {
		member := r.Profile.Members[name]
		if member.In == dcr.InResponse || isDate(r, name) {
			continue
		}
		for _, fault := range checkMember(r.Request, name, member) {
			found = append(found, fault.As(classOf(name)))
		}
	}
	return dcr.Join(found...)
}

// isDate reports whether a member is a time of a signed request, whatever the dictionary calls an integer: a NumericDate
// may have a fraction (RFC 7519, section 2). The rule times checks its value.
func isDate(r *dcr.Registration, name string) bool {
	_, err := r.Request.Float(name)
	return err == nil && r.Profile.Body == dcr.BodyJWS && slices.Contains([]string{"iat", "exp", "nbf"}, name)
}

// classOf returns the error code of RFC 7591, section 3.2.2, for a member.
func classOf(member string) dcr.Class {
	switch member {
	case "redirect_uris":
		return dcr.InvalidRedirectURI
	case "software_statement":
		return dcr.InvalidSoftwareStatement
	}
	return dcr.InvalidClientMetadata
}

func checkMember(request strictjson.Object, name string, member *dcr.Member) []*dcr.Error {
	at := "/" + name
	if !request.Has(name) {
		if member.Required {
			return []*dcr.Error{dcr.Refuse("dictionary.required", name).At(at)}
		}
		return nil
	}
	texts, err := read(request, name, member)
	if err != nil {
		return []*dcr.Error{dcr.Refuse("dictionary.type", name, kinds[member.Type]).At(at)}
	}
	if len(texts) < member.MinItems {
		return []*dcr.Error{dcr.Refuse("dictionary.min_items", name, strconv.Itoa(member.MinItems)).At(at)}
	}
	if member.Type != dcr.TypeStrings {
		if fault := checkText(texts[0], name, member); fault != nil {
			return []*dcr.Error{fault.At(at)}
		}
		return nil
	}
	var found []*dcr.Error
	for i, text := range texts {
		if fault := checkText(text, "each item of "+name, member); fault != nil {
			found = append(found, fault.At(fmt.Sprintf("%s/%d", at, i)))
		}
	}
	return found
}

// kinds describes the types of members in refusals.
var kinds = map[string]string{
	dcr.TypeString:   "a string",
	dcr.TypeStrings:  "an array of strings",
	dcr.TypeAudience: "a string, or an array of one string",
	dcr.TypeInteger:  "an integer, written without quotes, fraction or exponent",
	dcr.TypeBoolean:  "true or false",
}

// read returns a member's text, or the texts of its items.
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
// section 4.1.3): one accepts both forms.
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

func checkText(text, name string, member *dcr.Member) *dcr.Error {
	length := utf8.RuneCountInString(text)
	switch {
	case length == 0:
		return dcr.Refuse("dictionary.length", name, "not be empty")
	case member.MaxLength > 0 && length > member.MaxLength:
		return dcr.Refuse("dictionary.length", name, fmt.Sprintf("have at most %d characters", member.MaxLength))
	case len(member.Values) > 0 && !slices.Contains(member.Values, text):
		return dcr.Refuse("dictionary.values", name, list(member.Values))
	case !member.Matches(text):
		return dcr.Refuse("dictionary.pattern", name, form(member.Pattern))
	case name == "jti" && !dcr.IsJTI(text): // whatever the profile's pattern is
		return dcr.Refuse("dictionary.pattern", name, "of printable characters, not only spaces")
	}
	return nil
}

// form prepares a pattern for a sentence: "Values for the error_description parameter MUST NOT include characters
// outside the set %x20-21 / %x23-5B / %x5D-7E" (RFC 6749, section 5.2), which excludes quotes and backslashes.
func form(pattern string) string {
	if strings.ContainsAny(pattern, `"\`) {
		return "that the data dictionary gives it"
	}
	return pattern
}
