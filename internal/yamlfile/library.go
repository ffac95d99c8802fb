package yamlfile

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/nearest"
)

// maxExtends bounds how many shipped files extend one another.
const maxExtends = 8

// A Library is a kind of file of which some are shipped with the product. A file extends one of those by its name, with
// the key extends, and then says only what differs: what it gives replaces what the other one has, lists as a whole and
// objects key by key. T is the model, which has the key extends.
type Library[T any] struct {
	Grammar *Grammar
	Files   fs.FS  // the shipped ones: NAME.yaml
	ID      string // of problems with what a file says

	// Finish completes a file that was read over the one that it extends (base, which is empty if the file stands alone),
	// and checks it. It is not called for a file that was read only in part.
	Finish func(c *Check, file, base *T)
}

// Names lists the files that are shipped, in the order of the alphabet.
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

// Shipped reads a file that is shipped.
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

// Read reads the text of a file, and what it extends. It shares nothing with what was read before. name is what problems
// call the file. The caller may check more, and must not use the file unless the Check finds nothing wrong.
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
