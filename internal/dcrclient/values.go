package dcrclient

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variable is ${name}, and ${now+60} or ${now-60} in seconds.
var variable = regexp.MustCompile(`\$\{([a-z_]+)([+-][0-9]+)?\}`)

// Values are the values of ${name} in a template. A string that is only a name keeps the type of its value, so that
// "${now+60}" is a number.
type Values map[string]func() (any, error)

// Constant returns the same value each time.
func Constant(value any) func() (any, error) { return func() (any, error) { return value, nil } }

// With returns these values and further ones, which take precedence.
func (v Values) With(more Values) Values {
	all := maps.Clone(v)
	maps.Copy(all, more)
	return all
}

// Fill replaces the names in a value from YAML.
func (v Values) Fill(value any) (any, error) {
	switch value := value.(type) {
	case string:
		return v.text(value)
	case []any:
		var list []any
		for _, item := range value {
			filled, err := v.Fill(item)
			if err != nil {
				return nil, err
			}
			list = append(list, filled)
		}
		return list, nil
	case map[string]any:
		return v.Object(value)
	default:
		return value, nil
	}
}

// Object replaces the names in the members of an object.
func (v Values) Object(object map[string]any) (map[string]any, error) {
	filled := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value, err := v.Fill(object[name])
		if err != nil {
			return nil, err
		}
		filled[name] = value
	}
	return filled, nil
}

func (v Values) text(text string) (any, error) {
	if match := variable.FindStringSubmatch(text); match != nil && match[0] == text {
		return v.named(match)
	}
	return v.Text(text)
}

// Text replaces the names in a string.
func (v Values) Text(text string) (string, error) {
	return v.join(text, func(value string) string { return value })
}

// Pattern replaces the names in a regular expression. Their values match literally.
func (v Values) Pattern(text string) (*regexp.Regexp, error) {
	filled, err := v.join(text, regexp.QuoteMeta)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(filled)
}

// CheckPattern returns an error unless a template is a regular expression.
func CheckPattern(text string) error {
	_, err := regexp.Compile(variable.ReplaceAllLiteralString(text, "x"))
	return err
}

// join replaces the names in a string, each with its quoted value.
func (v Values) join(text string, quote func(string) string) (string, error) {
	var failure error
	filled := variable.ReplaceAllStringFunc(text, func(found string) string {
		value, err := v.named(variable.FindStringSubmatch(found))
		if err != nil {
			failure = err
		}
		return quote(fmt.Sprint(value))
	})
	return filled, failure
}

func (v Values) named(match []string) (any, error) {
	of, known := v[match[1]]
	if !known {
		return nil, fmt.Errorf("${%s} is not defined here", match[1])
	}
	value, err := of()
	if err != nil || match[2] == "" {
		return value, err
	}
	number, ok := value.(int64)
	if !ok {
		return nil, fmt.Errorf("${%s} is not a number", match[1])
	}
	more, err := strconv.ParseInt(strings.TrimPrefix(match[2], "+"), 10, 64)
	return number + more, err
}
