package conform

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Outcome is the outcome of a case.
type Outcome string

// The outcomes of a case.
const (
	Holds   Outcome = "holds"
	Fails   Outcome = "fails"
	Skipped Outcome = "skipped"
)

// Result is the result of one case.
type Result struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Outcome  Outcome  `json:"outcome"`
	Because  []string `json:"because,omitempty"` // what was expected and received, or why it was skipped
	Clause   string   `json:"clause"`
	Sentence string   `json:"sentence"`

	stop error // why no other case can follow
}

// Report is the result of a run. It holds no tokens and no software statements.
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

// Text returns the report for people.
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

// suites is the JUnit XML that CI systems read.
type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suite   struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Time     string     `xml:"timestamp,attr"`
		Cases    []testcase `xml:"testcase"`
	} `xml:"testsuite"`
}

type testcase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *because `xml:"failure,omitempty"`
	Skipped *because `xml:"skipped,omitempty"`
}

type because struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit returns the report as JUnit XML.
func (r *Report) JUnit() ([]byte, error) {
	var all suites
	of := &all.Suite
	of.Name, of.Time = "dcr-gateway conform "+r.Profile, r.At
	of.Tests, of.Failures, of.Skipped = len(r.Results), r.Failed, r.Skipped
	for _, result := range r.Results {
		c, why := testcase{Class: r.Profile, Name: result.ID + " " + result.Title}, &because{Message: strings.Join(result.Because, "; ")}
		switch result.Outcome {
		case Holds:
		case Fails:
			why.Text = result.Clause + ": " + result.Sentence
			c.Failure = why
		case Skipped:
			c.Skipped = why
		}
		of.Cases = append(of.Cases, c)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}
