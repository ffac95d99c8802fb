package routes

import (
	"reflect"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// grammar is that of routes.yaml. Forty thousand routes fit into so many bytes.
var grammar = yamlfile.New(reflect.TypeFor[File](), kinds, yamlfile.Options{Bytes: 8 << 20, Tokens: 2_000_000, Anchors: 256})

// Parse reads the text of a file. The name is what its problems call it; the folder is what its relative names are
// relative to. What it returns has its defaults filled in and is free of contradictions. Otherwise the error is
// yamlfile.Problems: everything that is wrong, in the order of the lines, or the one thing for which the text is not YAML at all.
func Parse(name string, text []byte, dir string) (*File, error) {
	return parse(name, text, dir, false)
}

// ParseKept is Parse for a text that was good before: the files that it names may be gone by now.
func ParseKept(name string, text []byte, dir string) (*File, error) {
	return parse(name, text, dir, true)
}

func parse(name string, text []byte, dir string, kept bool) (*File, error) {
	file := &File{Dir: dir}
	form := grammar.Read(name, text, file)
	file.Source = form.Source
	file.fillDefaults()
	if form.Whole() { // else what is left of the file says nothing
		file.check(form, kept)
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	return file, nil
}

// Write writes a file as YAML, in the order of the model and with every default spelt out. Parse reads the same from it.
// It refuses a File that no text can stand for, such as one with a duration of half a millisecond.
func Write(f *File) ([]byte, error) { return grammar.Write(f) }

// Schema returns the JSON Schema (2020-12) of routes.yaml, by which editors complete and check it.
func Schema() []byte {
	return grammar.Schema("urn:dcr-gateway:routes", "routes.yaml of dcr-gateway", sample())
}

// sample is a file that says nothing, with its defaults filled in: what the schema shows as defaults.
func sample() File {
	file := File{
		Listeners:  map[string]Listener{"": {}},
		Upstreams:  map[string]Upstream{"": {TLS: &UpstreamTLS{}, Health: &Health{}}},
		RateLimits: &RateLimitService{},
		Routes:     []Route{{}},
	}
	file.fillDefaults()
	file.Routes[0].Timeout = 0 // the upstream's
	return file
}
