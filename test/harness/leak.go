package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// What must not be in any log.
var secretForms = []struct {
	name string
	form *regexp.Regexp
}{
	{"a JWT", regexp.MustCompile(`eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]+`)},
	{"a PEM block", regexp.MustCompile(`-----BEGIN`)},
}

// shortest is the least length of a piece of a token that is looked for: shorter ones may be there by chance.
const shortest = 24

var remembered struct {
	sync.Mutex
	pieces map[string]struct{}
}

// Remember records the parts of a token, so that Leaks searches for them. Compact calls it.
func Remember(token string) {
	remembered.Lock()
	defer remembered.Unlock()
	if remembered.pieces == nil {
		remembered.pieces = map[string]struct{}{}
	}
	for i, piece := range strings.Split(token, ".") {
		if len(piece) >= shortest && i > 0 { // headers are the same in every token
			remembered.pieces[piece[len(piece)-shortest:]] = struct{}{}
		}
	}
}

// Leaks searches every log of the world for secrets: anything in the form of a JWT or of PEM, and any tail of the claims or
// signature of a recorded token. It returns file and line, and never the secret.
func (w *World) Leaks() ([]string, error) {
	files, err := w.logs()
	if err != nil {
		return nil, err
	}
	var leaks []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for number, line := range bytes.Split(content, []byte("\n")) {
			if what := leak(line); what != "" {
				leaks = append(leaks, fmt.Sprintf("%s:%d: %s", filepath.Base(file), number+1, what))
			}
		}
	}
	return leaks, nil
}

func (w *World) logs() ([]string, error) { return filepath.Glob(w.Path("logs/*")) }

func leak(line []byte) string {
	for _, secret := range secretForms {
		if secret.form.Match(line) {
			return secret.name
		}
	}
	remembered.Lock()
	defer remembered.Unlock()
	for i := 0; i+shortest <= len(line); i++ {
		if _, known := remembered.pieces[string(line[i:i+shortest])]; known {
			return "a piece of a token"
		}
	}
	return ""
}

// Races returns the lines of the logs that report a data race, which a program of Build detects if Race is true.
func (w *World) Races() ([]string, error) {
	files, err := w.logs()
	if err != nil {
		return nil, err
	}
	var races []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if at := bytes.Index(content, []byte("DATA RACE")); at >= 0 {
			races = append(races, fmt.Sprintf("%s: %.4000s", filepath.Base(file), content[at:]))
		}
	}
	return races, nil
}
