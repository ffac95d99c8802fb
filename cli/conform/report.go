package conform

import (
	"fmt"
	"strings"
)

// Outcome is what became of a case.
type Outcome string

// The outcomes there are.
const (
	Holds   Outcome = "holds"
	Fails   Outcome = "fails"
	Skipped Outcome = "skipped"
)

// Result is what became of one case.
type Result struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Outcome  Outcome  `json:"outcome"`
	Because  []string `json:"because,omitempty"` // what was expected and what came, or why it was skipped
	Clause   string   `json:"clause"`
	Sentence string   `json:"sentence"`

	stop error // why no other case can follow
}

// Report is what a bank's endpoint is like. It holds no tokens and no software statements.
type Report struct {
	Profile  string   `json:"profile"`
	Standard string   `json:"standard"`
	Endpoint string   `json:"endpoint"`
	At       string   `json:"at"`
	Held     int      `json:"held"`
	Failed   int      `json:"failed"`
	Skipped  int      `json:"skipped"`
	Results  []Result `json:"results"`
	Notes    []string `json:"notes,omitempty"`
	Stopped  string   `json:"stopped,omitempty"` // why the run ended before its last case
}

func (r *Report) add(result Result) {
	r.Results = append(r.Results, result)
	switch result.Outcome {
	case Holds:
		r.Held++
	case Fails:
		r.Failed++
	case Skipped:
		r.Skipped++
	}
}

// Text is the report for people.
func (r *Report) Text() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\nby %s (%s), %s\n\n", r.Endpoint, r.Standard, r.Profile, r.At)
	for _, result := range r.Results {
		word := string(result.Outcome)
		if result.Outcome == Fails {
			word = "FAILS"
		}
		fmt.Fprintf(&text, "%-8s %s  %s\n", word, result.ID, result.Title)
		for _, because := range result.Because {
			fmt.Fprintf(&text, "           %s\n", because)
		}
		if result.Outcome == Fails {
			fmt.Fprintf(&text, "           %s: %q\n", result.Clause, result.Sentence)
		}
	}
	fmt.Fprintf(&text, "\n%d hold, %d fail, %d skipped\n", r.Held, r.Failed, r.Skipped)
	for _, note := range r.Notes {
		fmt.Fprintf(&text, "note: %s\n", note)
	}
	if r.Stopped != "" {
		fmt.Fprintf(&text, "stopped: %s\n", r.Stopped)
	}
	return text.String()
}
