package routes

import (
	"reflect"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// grammar is the grammar of routes.yaml. The size limit has room for forty thousand routes.
var grammar = yamlfile.New(reflect.TypeFor[File](), kinds, yamlfile.Options{Bytes: 8 << 20, Tokens: 2_000_000, Anchors: 256})

// Parse reads the text of a file. Problems call it by name; its relative names are relative to the folder. The result has
// its defaults filled in and is free of contradictions. Otherwise the error is yamlfile.Problems: all problems in the order
// of the lines, or the one for which the text is not YAML.
func Parse(name string, text []byte, dir string) (*File, error) {
	return parse(name, text, dir, false)
}

// ParseKept is Parse for a text that was valid earlier: the files that it names may be missing now.
func ParseKept(name string, text []byte, dir string) (*File, error) {
	return parse(name, text, dir, true)
}

func parse(name string, text []byte, dir string, kept bool) (*File, error) {
	file := &File{Dir: dir}
	form := grammar.Read(name, text, file)
	file.Source = form.Source
	file.fillDefaults()
	if form.Whole() { // a partial file cannot be checked
		file.check(form, kept)
	}
	if err := form.Err(); err != nil {
		return nil, err
	}
	return file, nil
}

// Write returns a file as YAML, in the order of the model and with every default explicit. Parse reads the same File from
// it. It refuses a File that YAML cannot express, such as one with a duration of half a millisecond.
func Write(f *File) ([]byte, error) { return grammar.Write(f) }

// Schema returns the JSON Schema (2020-12) of routes.yaml, with which editors complete and check it.
func Schema() []byte {
	return grammar.Schema("urn:dcr-gateway:routes", "routes.yaml of dcr-gateway", sample())
}

// sample is an empty file with its defaults filled in, which the schema shows.
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
