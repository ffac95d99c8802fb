package dn

import (
	"fmt"
	"slices"
	"strings"
)

// NoSuchRDN is the reason of a Difference where the other name has no RDN of these types.
const NoSuchRDN = "the other name has no such RDN"

// A Difference is one reason why two names do not match.
type Difference struct {
	First, Second RDN    // nil if that name has no such RDN; both are nil if only the order differs
	Why           string // a clause to follow the RDNs, for the person who wrote one of them
}

// Differences returns the reasons why d.Matches(other, false) is false. It is empty if and only if the names match. It
// compares RDNs with the same types at any position, so that it reports a wrong value even if the order also differs.
func (d Name) Differences(other Name) []Difference {
	if d.equals(other) {
		return nil
	}
	firsts, seconds := d.unlike(other), other.unlike(d)
	var found []Difference
	for _, first := range firsts {
		at := slices.IndexFunc(seconds, func(second RDN) bool { return slices.Equal(first.types(), second.types()) })
		if at < 0 {
			found = append(found, Difference{First: first, Why: first.missingFrom(other)})
			continue
		}
		found = append(found, Difference{First: first, Second: seconds[at], Why: first.valueOther(seconds[at])})
		seconds = slices.Delete(seconds, at, at+1)
	}
	for _, second := range seconds {
		found = append(found, Difference{Second: second, Why: second.missingFrom(d)})
	}
	if len(found) == 0 || len(d) == len(other) && !d.ordered(other) {
		found = append(found, Difference{Why: "the RDNs stand in another order, which is not the exact reverse"})
	}
	return found
}

// unlike returns the RDNs of d that other lacks or has less often.
func (d Name) unlike(other Name) []RDN {
	left := slices.Clone(other)
	var unlike []RDN
	for _, rdn := range d {
		if at := slices.IndexFunc(left, rdn.equals); at >= 0 {
			left = slices.Delete(left, at, at+1)
			continue
		}
		unlike = append(unlike, rdn)
	}
	return unlike
}

// ordered reports whether the types of the RDNs have the same or the reverse order.
func (d Name) ordered(other Name) bool {
	forward, backward := true, true
	for i, rdn := range d {
		forward = forward && slices.Equal(rdn.types(), other[i].types())
		backward = backward && slices.Equal(rdn.types(), other[len(other)-1-i].types())
	}
	return forward || backward
}

func (r RDN) types() []string {
	types := make([]string, 0, len(r))
	for _, attribute := range r {
		types = append(types, attribute.Type)
	}
	return types
}

// Types returns the names of the attribute types of the RDN, joined by plus signs.
func (r RDN) Types() string {
	var names []string
	for _, attribute := range r {
		names = append(names, TypeName(attribute.Type))
	}
	return strings.Join(names, "+")
}

// missingFrom explains why the other name has no RDN of these types left to compare with.
func (r RDN) missingFrom(other Name) string {
	elsewhere := 0
	for _, attribute := range r {
		for _, rdn := range other {
			if slices.ContainsFunc(rdn, func(a Attribute) bool { return a.compare(attribute) == 0 }) && len(rdn) != len(r) {
				elsewhere++
				break
			}
		}
	}
	if elsewhere > 0 {
		return "the other name groups these attributes otherwise: a plus sign makes one RDN of several"
	}
	return NoSuchRDN
}

// valueOther describes where the first different value differs. Both RDNs have the same types.
func (r RDN) valueOther(other RDN) string {
	for i, attribute := range r {
		if attribute.compare(other[i]) != 0 {
			return TypeName(attribute.Type) + " " + valueDifference(attribute.Value, other[i].Value)
		}
	}
	return "the values differ"
}

func valueDifference(first, second string) string {
	a, b := []rune(squeeze(first)), []rune(squeeze(second))
	if prepare(strings.ReplaceAll(first, " ", "")) == prepare(strings.ReplaceAll(second, " ", "")) {
		return "differs in where its spaces are"
	}
	for i := range min(len(a), len(b)) {
		if fold(a[i]) != fold(b[i]) {
			return fmt.Sprintf("differs from character %d on: %s and %s", i+1, visible(a[i]), visible(b[i]))
		}
	}
	return fmt.Sprintf("is of %d characters in one and of %d in the other", len(a), len(b))
}

// visible prints a letter with its code point, because some letters look alike.
func visible(r rune) string { return fmt.Sprintf("%c (%U)", r, r) }
