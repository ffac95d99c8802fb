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

// A field is a key of a part with its value as written in the file. Lists whose order does not matter stay lists.
type field struct {
	key, value string
	list       []string
	isList     bool
}

// fieldsOf returns the values of a part of the model by their keys in the file, in the model's order. It uses reflection so
// that no new key is forgotten.
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
	case reflect.Map:
		for _, name := range slices.SortedFunc(slices.Values(value.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) {
			collect(value.MapIndex(name), key+"."+name.String(), all)
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

// listOf returns a list of strings.
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

// textOf formats a value as in the file; "" if there is none.
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

// detailsOf returns the keys whose values differ.
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

// keysOf returns the keys of both, in the model's order.
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
