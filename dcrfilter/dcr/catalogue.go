package dcr

import (
	_ "embed"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

//go:embed refusals.yaml
var refusals []byte

// A Section of the catalogue holds the refusals about one subject, and what applies to all of them.
type Section struct {
	Title    string    `yaml:"title" is:"text,required"`
	About    string    `yaml:"about" is:"text"` // with code in backticks
	Refusals []Refusal `yaml:"refusals" is:"required"`
}

// A Refusal is an entry of the catalogue, from which Refuse makes an Error. The head of refusals.yaml explains its
// members.
type Refusal struct {
	ID     string   `yaml:"id" is:"text,required"`
	Code   string   `yaml:"error" is:"text,required"`
	Or     []string `yaml:"or" is:"text"`
	Says   string   `yaml:"says" is:"text,required"`
	Fix    string   `yaml:"fix" is:"text"`
	Clause string   `yaml:"clause" is:"text"`
}

// Classes returns the classes that the refusal can have. The first is the usual one.
func (r Refusal) Classes() []Class {
	var of []Class
	for _, code := range slices.Concat([]string{r.Code}, r.Or) {
		of = append(of, classOf(code))
	}
	return of
}

// Cites returns the clause to cite where no profile is selected.
func (r Refusal) Cites() string {
	return strings.NewReplacer(
		"{standard}", "the standard of the path", "{dictionary}", "Data Dictionary", "{member}", "the member that pointer names",
	).Replace(r.Clause)
}

// Catalogue returns all refusals.
func Catalogue() ([]Section, error) { return catalogue().sections, catalogue().err }

type parsed struct {
	sections []Section
	entries  map[string]Refusal
	err      error
}

// catalogue is the embedded file, parsed once. If it cannot be parsed it has no entries, and every refusal becomes
// "internal".
var catalogue = sync.OnceValue(func() parsed {
	var file struct {
		Sections []Section `yaml:"sections" is:"required"`
	}
	text := yamlfile.Formed("a text in one line", 1<<10, `[ -~]+`)
	grammar := yamlfile.New(reflect.TypeOf(file), map[string]*yamlfile.Kind{"text": text}, yamlfile.Options{Bytes: 1 << 20, Tokens: 1 << 20})
	if err := grammar.Read("refusals.yaml", refusals, &file).Err(); err != nil {
		return parsed{err: err}
	}
	entries := map[string]Refusal{}
	for _, section := range file.Sections {
		for _, refusal := range section.Refusals {
			entries[refusal.ID] = refusal
		}
	}
	return parsed{sections: file.Sections, entries: entries}
})

// fill replaces the placeholders of a sentence with the args.
func fill(says string, args []string) string {
	var text strings.Builder
	for _, arg := range args {
		before, rest, _ := strings.Cut(says, "{")
		_, says, _ = strings.Cut(rest, "}")
		text.WriteString(before + arg)
	}
	return text.String() + says
}

// plain returns the text without backticks.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }
