package envoy

import (
	"bytes"
	"encoding/json"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	"github.com/goccy/go-yaml"
	"google.golang.org/protobuf/encoding/protojson"
)

// JSON writes a configuration as Envoy reads it, the same text each time.
func JSON(bootstrap *bootstrapv3.Bootstrap) ([]byte, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(bootstrap)
	if err != nil {
		return nil, err
	}
	// protojson adds spaces at random, so that nobody relies on its bytes.
	var indented bytes.Buffer
	if err := json.Indent(&indented, raw, "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

// YAML writes a configuration for people to read; Envoy reads it too. Every text is quoted: Envoy guesses the type of one
// that is not, and a version of the digits 12e4 would be a number.
func YAML(bootstrap *bootstrapv3.Bootstrap) ([]byte, error) {
	document, err := JSON(bootstrap)
	if err != nil {
		return nil, err
	}
	var ordered yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(document, &ordered, yaml.UseOrderedMap()); err != nil {
		return nil, err
	}
	return yaml.MarshalWithOptions(ordered, yaml.CustomMarshaler(func(text string) ([]byte, error) {
		return json.Marshal(text) // a quoted text of JSON is one of YAML
	}))
}
