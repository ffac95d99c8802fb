package routes

import (
	"reflect"

	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// grammar is the grammar of routes.yaml. The size limit has room for forty thousand routes.
var grammar = yamlfile.New(reflect.TypeFor[File](), kinds, yamlfile.Options{Bytes: 8 << 20, Tokens: 2_000_000, Anchors: 256, Sought: sought})

// sought are the keys of other gateways' files that people look for first.
var sought = map[string]string{
	"cors":      "nothing answers CORS requests here; a route may list OPTIONS and leave the answer to its upstream",
	"headers":   "headers of requests and responses are not changed here, but strip_headers of an upstream names those that it must not receive",
	"hosts":     "a route names its listener, and a listener its server_names",
	"include":   "there is no include; directories and profiles may name folders",
	"plugins":   "there are no plugins; a route names its checks",
	"prefix":    "there are no prefixes; each path is a route, and a segment {Name} matches any one segment",
	"redirect":  "there are no redirects; the upstream may answer with one",
	"rewrite":   "paths are not rewritten; the upstream receives the path of the request",
	"timeouts":  "the key is timeout, of a route or of its upstream",
	"variables": "variables are not replaced; write the values",
	"weight":    "addresses of an upstream have no weights",
}

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
