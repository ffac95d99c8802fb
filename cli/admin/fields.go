package admin

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// A field is a key of a part with its value as people write it. Lists whose order says nothing are kept as lists.
type field struct {
	key, value string
	list       []string
	isList     bool
}

// fieldsOf are the values of a part of the model by their keys in the file, in the model's order; so that no key that is
// added to the model can be forgotten.
func fieldsOf(part any) []field {
	var all []field
	collect(reflect.ValueOf(part), "", &all)
	return all
}

func collect(value reflect.Value, key string, all *[]field) {
	if texts, ok := listOf(value); ok {
		*all = append(*all, field{key: key, list: texts, isList: true})
		return
	}
	if text, ok := textOf(value); ok {
		*all = append(*all, field{key: key, value: text})
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			collect(value.Elem(), key, all)
			return
		}
		var none []field // the same keys, without values
		collect(reflect.Zero(value.Type().Elem()), key, &none)
		for _, f := range none {
			*all = append(*all, field{key: f.key, isList: f.isList})
		}
	case reflect.Slice:
		for i := range value.Len() {
			collect(value.Index(i), fmt.Sprintf("%s[%d]", key, i), all)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			name := value.Type().Field(i).Tag.Get("yaml")
			if name == "" || name == "-" {
				continue
			}
			collect(value.Field(i), strings.TrimPrefix(key+"."+name, "."), all)
		}
	}
}

// listOf reads a list of texts.
func listOf(value reflect.Value) ([]string, bool) {
	if value.Kind() != reflect.Slice || value.Type().Elem().Kind() != reflect.String {
		return nil, false
	}
	texts := make([]string, value.Len())
	for i := range texts {
		texts[i] = value.Index(i).String()
	}
	return texts, true
}

// textOf writes a value as the file has it; "" where there is none.
func textOf(value reflect.Value) (string, bool) {
	switch one := value.Interface().(type) {
	case time.Duration:
		return yamlfile.WriteDuration(one), true
	case routes.Rate:
		return one.String(), true
	case routes.Size:
		return one.String(), true
	case encoding.TextMarshaler:
		text, err := one.MarshalText()
		return string(text), err == nil
	}
	switch value.Kind() {
	case reflect.String, reflect.Int, reflect.Uint32, reflect.Bool:
		return fmt.Sprint(value.Interface()), true
	}
	return "", false
}

// detailsOf are the keys whose values differ.
func detailsOf(part string, was, is []field) []detail {
	var details []detail
	for _, key := range keysOf(was, is) {
		old, new := find(was, key), find(is, key)
		one := detail{Key: key, Old: old.value, New: new.value}
		if old.isList || new.isList {
			one.Added, one.Removed = without(new.list, old.list), without(old.list, new.list)
			same := len(one.Added)+len(one.Removed) == 0
			if same && (!ordered(key) || slices.Equal(old.list, new.list)) {
				continue
			}
			one.Old, one.New = strings.Join(old.list, ", "), strings.Join(new.list, ", ")
		} else if old.value == new.value {
			continue
		}
		one.Weakens = weakens(part, one)
		details = append(details, one)
	}
	return details
}

// ordered says whether the order of a list matters: the first key signs.
func ordered(key string) bool { return key == "tokens.keys" }

// keysOf are those of both, in the model's order.
func keysOf(was, is []field) []string {
	var keys []string
	seen := map[string]bool{}
	for _, f := range slices.Concat(was, is) {
		if !seen[f.key] {
			seen[f.key] = true
			keys = append(keys, f.key)
		}
	}
	return keys
}

func find(fields []field, key string) field {
	if i := slices.IndexFunc(fields, func(f field) bool { return f.key == key }); i >= 0 {
		return fields[i]
	}
	return field{}
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(text string) bool { return slices.Contains(others, text) })
}

// weakens says why less is protected after a change of a key than before; "" where that is not so.
func weakens(part string, d detail) string {
	gone := d.Old != "" && d.New == ""
	switch part + "." + d.Key {
	case "route.checks":
		return ifAny(d.Removed, "what is not checked is let through")
	case "route.scopes":
		return ifAny(d.Removed, "tokens without this scope are let through")
	case "route.roles":
		return ifAny(d.Removed, "software without this role is let through")
	case "route.public":
		return when(d.New == "true", "anybody may ask for it")
	case "route.plan":
		return when(gone, "nothing limits how often it is asked")
	case "plan.per_source", "plan.per_client":
		return when(gone, "a limit is gone")
	case "rate_limit_service.address":
		return when(gone, "nothing counts for the whole fleet")
	case "listener.client_certificate":
		return when(d.New == routes.CertificateNone, "clients need no certificate")
	case "listener.tls_minimum":
		return when(d.New < d.Old, "an older TLS is spoken")
	case "listener.server_names":
		return when(gone, "any server name is served")
	case "upstream.tls.ca":
		return when(gone, "the way to the upstream is not protected")
	}
	return ""
}

func when(so bool, why string) string {
	if so {
		return why
	}
	return ""
}

func ifAny(list []string, why string) string { return when(len(list) > 0, why) }
