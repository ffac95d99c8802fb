package conform

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// variable is ${name}, and ${now+60} or ${now-60} in seconds.
var variable = regexp.MustCompile(`\$\{([a-z_]+)([+-][0-9]+)?\}`)

// values are what names stand for: now, uuid, software_id, redirect_uris, redirect_uri (the first of them), scope (all that
// the software may have), scopes (the same as a list), statement, audience, issuer, token_endpoint, alg, dn, client_id,
// token, assertion (a fresh one), interaction_id, random_jwk (the public half of sign.key random) and a profile's own.
type values map[string]func() (any, error)

func constant(value any) func() (any, error) { return func() (any, error) { return value, nil } }

// with is these values and some more.
func (v values) with(more values) values {
	all := maps.Clone(v)
	maps.Copy(all, more)
	return all
}

// basic are the values that need nothing.
func basic() values {
	return values{
		"now":  func() (any, error) { return time.Now().Unix(), nil },
		"uuid": func() (any, error) { return uuid.NewString(), nil },
	}
}

// fill replaces the names in a value that came from YAML.
func (v values) fill(value any) (any, error) {
	switch value := value.(type) {
	case string:
		return v.text(value)
	case []any:
		var list []any
		for _, item := range value {
			filled, err := v.fill(item)
			if err != nil {
				return nil, err
			}
			list = append(list, filled)
		}
		return list, nil
	case map[string]any:
		return v.object(value)
	default:
		return value, nil
	}
}

// object fills an object.
func (v values) object(object map[string]any) (map[string]any, error) {
	filled := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		value, err := v.fill(object[name])
		if err != nil {
			return nil, err
		}
		filled[name] = value
	}
	return filled, nil
}

// text fills a text. One that is a name and nothing else becomes what that stands for.
func (v values) text(text string) (any, error) {
	if match := variable.FindStringSubmatch(text); match != nil && match[0] == text {
		return v.named(match)
	}
	return v.join(text, plain)
}

func plain(text string) string { return text }

// pattern fills a regular expression, in which what the names stand for is meant literally.
func (v values) pattern(text string) (*regexp.Regexp, error) {
	filled, err := v.join(text, regexp.QuoteMeta)
	if err != nil {
		return nil, err
	}
	return regexp.Compile(filled)
}

func (v values) join(text string, quote func(string) string) (string, error) {
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

func (v values) named(match []string) (any, error) {
	of, known := v[match[1]]
	if !known {
		return nil, fmt.Errorf("there is no ${%s} here", match[1])
	}
	value, err := of()
	if err != nil || match[2] == "" {
		return value, err
	}
	number, ok := value.(int64)
	if !ok {
		return nil, fmt.Errorf("${%s} is no number to add to", match[1])
	}
	more, err := strconv.ParseInt(strings.TrimPrefix(match[2], "+"), 10, 64)
	return number + more, err
}
