package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

var entryName = regexp.MustCompile(`^([0-9]{6,9})-([0-9a-f]{1,64})\.json$`)

// fileName is the name of an entry's file. Nothing but its number and its version is in it.
func fileName(e Entry) string { return fmt.Sprintf("%06d-%s.json", e.N, e.Version) }

// parseName reads the number from the name of an entry's file.
func parseName(name string) (n int, ok bool) {
	parts := entryName.FindStringSubmatch(name)
	if parts == nil {
		return 0, false
	}
	n, err := strconv.Atoi(parts[1])
	return n, err == nil && n > 0
}

// seal is the last line of an entry's file: the digest of the lines before it.
type seal struct {
	SHA256 string `json:"sha256"`
}

// encode writes an entry as three lines of JSON: what it is, its files, and the digest of both. The first can be read
// without the second, and what a disk has damaged is found out.
func encode(e Entry) ([]byte, error) {
	most := sizeBound(e)
	if most > maxEntry {
		return nil, fmt.Errorf("the files of one entry are larger than an entry may be, about %d MiB", maxEntry*2/3>>20)
	}
	var text bytes.Buffer
	text.Grow(most)
	encoder := json.NewEncoder(&text)
	files := e.Files
	e.Files = nil
	if err := errors.Join(encoder.Encode(e), encoder.Encode(files)); err != nil {
		return nil, err
	}
	if err := encoder.Encode(sealOf(text.Bytes())); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// sizeBound is more than an entry's file can be large: JSON makes six bytes of one at most, base64 four of three.
func sizeBound(e Entry) int {
	size := 1<<10 + 6*len(e.Note)
	for _, file := range e.Files {
		size += 1<<6 + 6*len(file.Path) + len(file.Text)*3/2
	}
	return size
}

func sealOf(text []byte) seal {
	sum := sha256.Sum256(text)
	return seal{SHA256: hex.EncodeToString(sum[:])}
}

// decode checks an entry's file and reads its first line. files is its second line.
func decode(text []byte) (e Entry, files []byte, err error) {
	end := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
	var found seal
	if err := json.Unmarshal(text[end:], &found); err != nil || found != sealOf(text[:end]) {
		return Entry{}, nil, errors.New("is not whole")
	}
	head, files, _ := bytes.Cut(text[:end], []byte("\n"))
	if err := json.Unmarshal(head, &e); err != nil {
		return Entry{}, nil, errors.New("is not the file of an entry")
	}
	return e, files, nil
}
