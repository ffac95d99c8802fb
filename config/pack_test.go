package config

import (
	"bytes"
	"compress/gzip"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/test/sample"
)

// What a gate publishes is what a registry has, whatever else is there, and nothing else passes for it.
func TestPack(t *testing.T) {
	version := read(t, filepath.Join(sample.Folder(t), "routes.yaml"))
	packed, err := version.Pack()
	must(t, err)
	secrets := t.TempDir()
	unpacked, err := Unpack(secrets, version.ID(), packed)
	must(t, err)
	if unpacked.ID() != version.ID() || len(unpacked.File.Routes) != len(version.File.Routes) || unpacked.File.Abs("a/key.pem") != filepath.Join(secrets, "a", "key.pem") {
		t.Errorf("unpacked %s with %d routes, and secrets in %s", unpacked.ID(), len(unpacked.File.Routes), unpacked.File.Abs(""))
	}
	more := *version
	more.Files = append(slices.Clone(version.Files), File{Path: "more.yaml", Text: []byte("more")})
	packed, err = more.Pack()
	must(t, err)
	if _, err := Unpack(secrets, version.ID(), packed); err != nil {
		t.Errorf("a file that nothing includes: %v", err)
	}
	changed := *version
	changed.Files = slices.Clone(version.Files)
	changed.Files[0].Text = []byte(strings.Replace(sample.Routes, "audiences: [bank]", "audiences: [attacker]", 1))
	wrong, err := changed.Pack()
	must(t, err)
	var mebibyte bytes.Buffer // of spaces; gzip streams in a row are one (RFC 1952, section 2.2)
	writer := gzip.NewWriter(&mebibyte)
	_, err = writer.Write(bytes.Repeat([]byte(" "), 1<<20))
	must(t, errors.Join(err, writer.Close()))
	bomb := bytes.Repeat(mebibyte.Bytes(), maxUnpacked>>20+1)
	for name, text := range map[string][]byte{
		"nothing": nil, "no files": []byte("[]"), "other files": wrong, "a torn text": packed[:len(packed)/2], "more than there can be": bomb,
	} {
		if _, err := Unpack(secrets, version.ID(), text); err == nil {
			t.Errorf("%s passes for the version", name)
		}
	}
	for _, id := range []string{"", version.ID()[1:], version.ID() + "0", strings.ToUpper(version.ID()), strings.Repeat("*", 64)} {
		if IsID(id) {
			t.Errorf("%q is an ID", id)
		}
	}
}
