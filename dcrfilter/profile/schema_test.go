package profile_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/profile"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// The schema takes what is shipped, and says of other files what the reader says of their form; but the reader takes what
// is loose, and the schema asks for what is exact.
func TestSchema(t *testing.T) {
	schema := testkit.Schema(t, profile.Schema())
	texts := map[string]string{}
	for _, name := range profile.Names() {
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for _, c := range parseCases {
		texts[c.name] = strings.Replace(good, c.old, c.new, 1)
	}
	for name, text := range texts {
		_, err := parse(text)
		problems, _ := errors.AsType[yamlfile.Problems](err)
		var content any
		if yaml.Unmarshal([]byte(text), &content) != nil {
			continue // the schema does not get to see it
		}
		refused := schema.Validate(content)
		if ofForm(problems) && refused == nil {
			t.Errorf("%s: the reader refuses it, and not the schema: %v", name, err)
		} else if refused != nil && err == nil && !strings.HasPrefix(name, "loose: ") {
			t.Errorf("%s: the schema refuses it, and not the reader: %v", name, refused)
		}
	}
}

func ofForm(problems yamlfile.Problems) bool {
	for _, problem := range problems {
		if class, _, _ := strings.Cut(problem.ID, "."); class == "key" || class == "value" {
			return true
		}
	}
	return false
}
