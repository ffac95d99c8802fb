package desk

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
)

// A comparison says whether two names are the same, and if not, why.
type comparison struct {
	Same        bool         `json:"same"`
	First       string       `json:"first"` // as RFC 4514
	Second      string       `json:"second"`
	Differences []difference `json:"differences"`
	Note        string       `json:"note,omitempty"`
}

type difference struct {
	First  string `json:"first,omitempty"`
	Second string `json:"second,omitempty"`
	Why    string `json:"why"`
}

// compareNames compares as the token endpoint compares a certificate with the registered tls_client_auth_subject_dn.
func compareNames(_ context.Context, c *call) error {
	first, _, err := readName(c.Operands[0])
	if err != nil {
		return err
	}
	second, _, err := readName(c.Operands[1])
	if err != nil {
		return err
	}
	answer := &comparison{Same: first.Matches(second, false), First: first.String(), Second: second.String(), Differences: []difference{}}
	for _, d := range first.Differences(second) {
		answer.Differences = append(answer.Differences, difference{First: d.First.String(), Second: d.Second.String(), Why: d.Why})
	}
	// Go's String of a name omits it, and the official conformance tool registers names in that form.
	if !answer.Same && (first.Matches(second, true) || second.Matches(first, true)) {
		answer.Note = "one name is the other without its organizationIdentifier: a client registered so may use the certificate here, but perhaps not at other banks"
	}
	if err := c.print(answer); err != nil || answer.Same {
		return err
	}
	return found
}

func (c *comparison) text() string {
	if c.Same {
		return fmt.Sprintf("the same name: %s\n", c.First)
	}
	var text strings.Builder
	fmt.Fprintf(&text, "not the same name\n  first   %s\n  second  %s\n", c.First, c.Second)
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, d := range c.Differences {
		switch {
		case d.First == "" && d.Second == "":
			fmt.Fprintf(table, "\norder\t%s\n", d.Why)
		case d.Second == "":
			fmt.Fprintf(table, "\nonly in the first\t%s\n\t%s\n", d.First, d.Why)
		case d.First == "":
			fmt.Fprintf(table, "\nonly in the second\t%s\n\t%s\n", d.Second, d.Why)
		default:
			fmt.Fprintf(table, "\nin the first\t%s\nin the second\t%s\n\t%s\n", d.First, d.Second, d.Why)
		}
	}
	_ = table.Flush() // into memory
	if c.Note != "" {
		fmt.Fprintf(&text, "\n%s\n", c.Note)
	}
	return text.String()
}
