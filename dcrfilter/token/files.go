package token

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"time"
)

// FileRing returns a ring of keys in PEM files, one PKCS #8 key in each. The first signs, all verify. To rotate, add
// the new key after the old one, wait until all gates have read it, and then swap them.
func FileRing(paths []string) *Ring {
	return newRing(func(context.Context, time.Time) ([]key, error) { return readFiles(paths) }, time.Now)
}

func readFiles(paths []string) ([]key, error) {
	keys := make([]key, 0, len(paths))
	for _, path := range paths {
		k, err := readFile(path)
		if err != nil {
			return nil, fmt.Errorf("token key %s: %w", path, err)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

func readFile(path string) (key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return key{}, err
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" || len(rest) > 0 {
		return key{}, fmt.Errorf("not one PEM block PRIVATE KEY")
	}
	return parseKey(block.Bytes)
}
