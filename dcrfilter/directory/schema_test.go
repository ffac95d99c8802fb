package directory_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/directory"
	"github.com/dcr-gateway/dcr-gateway/internal/testkit"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// The schema takes what is shipped, and says of other files what the reader says of their form; but the reader takes what
// is loose, and the schema asks for what is exact.
func TestSchema(t *testing.T) {
	schema := testkit.Schema(t, directory.Schema())
	ca, texts := authority(t, "ca", true), map[string]string{}
	for _, name := range directory.Names() {
		text, err := os.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for _, c := range loadFaults {
		texts[c.name] = strings.Replace(extending, c.old, c.new, 1)
	}
	for name, text := range texts {
		_, err := directory.LoadFrom(func(path string) ([]byte, error) {
			if path == "mine.yaml" {
				return []byte(text), nil
			}
			return ca, nil
		}, "mine.yaml")
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
