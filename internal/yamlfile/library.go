package yamlfile

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// maxExtends limits the length of a chain of shipped files that extend each other.
const maxExtends = 8

// A Library is a type of file of which some are shipped with the product. A file may extend one of them by name, with
// the key extends, and then only states the differences: its values replace those of the extended file, lists as a
// whole and objects key by key. T is the model, which has the key extends.
type Library[T any] struct {
	Grammar *Grammar
	Files   fs.FS  // the shipped ones: NAME.yaml
	ID      string // of problems with what a file says

	// Finish completes and checks a file. base is the file that it extends, or empty if it stands alone. Finish is not
	// called for a file that was read only in part.
	Finish func(c *Check, file, base *T)
}

// Names returns the names of the shipped files in alphabetical order.
func (l *Library[T]) Names() []string {
	paths, err := fs.Glob(l.Files, "*.yaml")
	if err != nil { // only of a malformed pattern
		return nil
	}
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, ".yaml")
	}
	slices.Sort(paths)
	return paths
}

// Shipped reads a shipped file.
func (l *Library[T]) Shipped(name string) (*T, error) { return l.shipped(name, maxExtends) }

func (l *Library[T]) shipped(name string, depth int) (*T, error) {
	text, err := fs.ReadFile(l.Files, name+".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no %s; there are %s%s", name, strings.Join(l.Names(), ", "), nearest.Ask(name, l.Names()))
	}
	if depth == 0 {
		return nil, fmt.Errorf("more than %d files extend one another", maxExtends)
	}
	file, c := l.read(name+".yaml", text, depth-1)
	return file, c.Err()
}

// Read reads the text of a file and what it extends. The result shares nothing with earlier results. name is the file's
// name in problems. The caller may check more, and must not use the file unless the Check has no errors.
func (l *Library[T]) Read(name string, text []byte) (*T, *Check) {
	return l.read(name, text, maxExtends)
}

func (l *Library[T]) read(name string, text []byte, depth int) (*T, *Check) {
	c := l.Grammar.parse(name, text)
	file, base := new(T), new(T)
	extends := c.extends()
	var failed error
	if extends != "" {
		if base, failed = l.shipped(extends, depth); failed == nil {
			*file = *base
		}
	}
	l.Grammar.fill(c, file)
	if failed != nil {
		c.Add(l.ID, "extends", "%v", failed)
		c.partial = true // what it has from the other one is not known
	}
	if c.Whole() {
		l.Finish(c, file, base)
	}
	return file, c
}
