package desk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/strictjson"
)

// A token is the content of a JWS, acceptable or not.
type token struct {
	Signed bool              `json:"signed"`
	Header strictjson.Object `json:"header,omitempty"`
	Claims strictjson.Object `json:"claims"`

	payload []byte // the claims as they were written
}

// decodeToken decodes a compact JWS to show it. It does not apply the gate's rules of form.
func decodeToken(compact string) (*token, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("it must be a compact JWS, of three parts with a dot between two of them")
	}
	t := &token{Signed: true}
	var err error
	if t.Header, _, err = decodePart(parts[0]); err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	if t.Claims, t.payload, err = decodePart(parts[1]); err != nil {
		return nil, fmt.Errorf("its payload: %w", err)
	}
	return t, nil
}

func decodePart(part string) (strictjson.Object, []byte, error) {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, nil, fmt.Errorf("it is not base64url without padding")
	}
	object, err := strictjson.Parse(text)
	return object, text, err
}

// shown returns the token for printing: a nested token is printed separately, and never in compact form.
func (t *token) shown() *token {
	if !t.Claims.Has("software_statement") {
		return t
	}
	copied := *t
	copied.Claims = maps.Clone(t.Claims)
	copied.Claims["software_statement"] = json.RawMessage(`"(decoded apart)"`)
	return &copied
}

func (t *token) write(text *strings.Builder, now time.Time) {
	if t.Signed {
		text.WriteString("header\n")
		writeObject(text, t.Header, now)
	}
	text.WriteString("claims\n")
	writeObject(text, t.Claims, now)
}

func writeObject(text *strings.Builder, object strictjson.Object, now time.Time) {
	var lines [][2]string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		lines = append(lines, [2]string{"  " + name, claimText(object, name, now)})
	}
	writeTable(text, lines)
}

// writeTable writes names and what there is to say of each, in two columns. What is empty is left out.
func writeTable(text *strings.Builder, lines [][2]string) {
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		if line[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
		}
	}
	_ = table.Flush() // into memory
}

// claimText formats a claim for people: strings without quotation marks, times as dates, everything else as JSON.
func claimText(object strictjson.Object, name string, now time.Time) string {
	if slices.Contains([]string{"iat", "nbf", "exp"}, name) {
		if at, err := dcr.NumericDate(object, name); err == nil {
			return fmt.Sprintf("%s (%s, %s)", object[name], date(at), ago(at, now))
		}
		return printable(string(object[name]))
	}
	if text, err := object.String(name); err == nil && text != "" && strings.TrimSpace(text) == text {
		return printable(text)
	}
	text := []byte(printable(string(object[name])))
	var indented bytes.Buffer
	if bytes.ContainsRune(text, '{') && json.Indent(&indented, text, "  \t", "  ") == nil {
		return indented.String()
	}
	return string(text)
}

// printable removes control characters from untrusted text, which could control the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' { // between the members of an object
			return ' '
		}
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, text)
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// ago formats a time relative to another, for people.
func ago(t, now time.Time) string {
	distance := now.Sub(t)
	if distance < 0 {
		return "in " + span(-distance)
	}
	return span(distance) + " ago"
}

// span is a duration in its two largest units.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = d.Truncate(time.Second); {
	case d >= day:
		return fmt.Sprintf("%d d %d h", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}
