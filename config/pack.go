package config

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxUnpacked is more than MaxSize as JSON, where bytes are base64.
const maxUnpacked = 2 * MaxSize

// Pack returns the files of a version as compressed JSON, for publication.
func (v *Version) Pack() ([]byte, error) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if err := errors.Join(json.NewEncoder(writer).Encode(v.Files), writer.Close()); err != nil {
		return nil, fmt.Errorf("packing the version: %w", err)
	}
	return packed.Bytes(), nil
}

// Unpack restores the version of an ID from the output of Pack. It trusts only the ID: it refuses files whose hash differs.
// Names of secrets are relative to dir, as for Restore.
func Unpack(dir, id string, packed []byte) (*Version, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("version %s: not the output of Pack: %w", Short(id), err)
	}
	var files []File
	if err := json.NewDecoder(io.LimitReader(reader, maxUnpacked)).Decode(&files); err != nil {
		return nil, fmt.Errorf("version %s: its files cannot be read: %w", Short(id), err)
	}
	v, err := Restore(dir, files)
	if err != nil {
		return nil, fmt.Errorf("version %s: %w", Short(id), err)
	}
	if v.ID() != id {
		return nil, fmt.Errorf("version %s: the files are those of version %s", Short(id), Short(v.ID()))
	}
	return v, nil
}

// IsID reports whether a text has the form of a version's ID.
func IsID(text string) bool {
	if len(text) != 64 {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
