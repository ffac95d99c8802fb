package conform

import (
	"encoding/xml"
	"strings"
)

type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suite   suite    `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"timestamp,attr"`
	Cases    []testcase `xml:"testcase"`
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

// JUnit is the report for continuous integration.
func (r *Report) JUnit() ([]byte, error) {
	of := suite{Name: "dcr-gateway conform " + r.Profile, Tests: len(r.Results), Failures: r.Failed, Skipped: r.Skipped, Time: r.At}
	for _, result := range r.Results {
		c := testcase{Class: r.Profile, Name: result.ID + " " + result.Title}
		why := &because{Message: strings.Join(result.Because, "; ")}
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
	text, err := xml.MarshalIndent(suites{Suite: of}, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}
