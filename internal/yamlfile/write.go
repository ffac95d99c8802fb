package yamlfile

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Write writes a value of the model, given as a pointer, as YAML in the order of the model. Read reads the same value
// from it. It refuses a value that cannot be written, such as a duration of half a millisecond.
func (g *Grammar) Write(value any) ([]byte, error) {
	w := writer{}
	w.object(reflect.ValueOf(value).Elem(), g.root, 0)
	return w.text.Bytes(), w.err
}

type writer struct {
	text bytes.Buffer
	err  error // the first one
}

// object writes the keys of a struct, each on its own line; the first continues the current line.
func (w *writer) object(value reflect.Value, o *object, indent int) {
	first := true
	for i := range o.fields {
		f := &o.fields[i]
		member := value.FieldByIndex(f.index)
		if saysNothing(member, f) {
			continue
		}
		if !first {
			w.indent(indent)
		}
		first = false
		w.text.WriteString(f.key + ":")
		w.field(member, f, indent)
	}
	if first {
		w.text.WriteString("{}\n")
	}
}

// saysNothing reports whether a value is the same as an omitted key and cannot be written otherwise.
func saysNothing(value reflect.Value, f *field) bool {
	if f.number != one {
		return value.Len() == 0
	}
	return f.object == nil && f.kind.isText() && value.IsZero() || value.Kind() == reflect.Pointer && value.IsNil()
}

func (w *writer) field(value reflect.Value, f *field, indent int) {
	switch {
	case f.number == named:
		w.text.WriteByte('\n')
		names := value.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, name := range names {
			w.indent(indent + 2)
			w.text.WriteString(w.scalar(name, f.names) + ":")
			if f.object == nil {
				w.text.WriteString(" " + w.scalar(value.MapIndex(name), f.kind) + "\n")
				continue
			}
			w.text.WriteByte('\n')
			w.indent(indent + 4)
			w.object(value.MapIndex(name), f.object, indent+4)
		}
	case f.number == one && f.object != nil:
		w.text.WriteByte('\n')
		w.indent(indent + 2)
		w.object(reflect.Indirect(value), f.object, indent+2)
	case f.number == one:
		w.text.WriteString(" " + w.scalar(value, f.kind) + "\n")
	case f.object != nil:
		w.text.WriteByte('\n')
		for i := range value.Len() {
			w.indent(indent + 2)
			w.text.WriteString("- ")
			w.object(value.Index(i), f.object, indent+4)
		}
	default:
		var items []string
		for i := range value.Len() {
			items = append(items, w.scalar(value.Index(i), f.kind))
		}
		w.text.WriteString(" [" + strings.Join(items, ", ") + "]\n")
	}
}

func (w *writer) indent(by int) { w.text.WriteString(strings.Repeat(" ", by)) }

// plain matches a text that YAML reads unchanged without quotes in any place, except for words with a meaning.
var plain = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9._/-]*$`)

// scalar writes a value of a kind.
func (w *writer) scalar(value reflect.Value, k *Kind) string {
	var text string
	switch v := value.Interface().(type) {
	case JSON:
		return string(v) // YAML reads JSON
	case bool:
		return strconv.FormatBool(v)
	case int:
		if v < k.min || v > k.max {
			w.fail(k)
		}
		return strconv.Itoa(v)
	case time.Duration:
		if text = WriteDuration(v); v < k.least || v > k.most || v%time.Millisecond != 0 {
			w.fail(k)
		}
	case fmt.Stringer:
		text = v.String()
	default:
		text = value.String()
	}
	if !k.Accepts(text) {
		w.fail(k)
	}
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return strconv.Quote(text)
	}
	if _, isString := value.Interface().(string); isString && !plain.MatchString(text) {
		return strconv.Quote(text)
	}
	return text
}

func (w *writer) fail(k *Kind) {
	if w.err == nil {
		w.err = fmt.Errorf("a value cannot be written: it must be %s", k.words)
	}
}

// WriteDuration returns a time as files write it. It drops what is less than a millisecond.
func WriteDuration(d time.Duration) string {
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if d >= unit.of && d%unit.of == 0 {
			return strconv.FormatInt(int64(d/unit.of), 10) + unit.name
		}
	}
	if d < time.Minute {
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	}
	return WriteDuration(d.Truncate(time.Second)) + WriteDuration(d%time.Second)
}
