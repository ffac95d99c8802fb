package conform

import (
	"strings"
	"testing"
)

// good is a case to spoil.
const good = `cases:
  - id: REG-01
    title: a title
    clause: a standard
    sentence: a sentence
    steps:
      - do: register
        expect: {status: [201], error: []}
`

func TestRead(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"as it should be", "", "", ""},
		{"an unknown key of a case", "    title:", "    titel:", `[3:5] unknown field "titel"`},
		{"an unknown key of a step", "- do: register", "- do: register\n        claim: {}", `[8:9] unknown field "claim"`},
		{"an unknown key of an expectation", "status: [201]", "stats: [201]", `unknown field "stats"`},
		{"a status that is no list", "[201]", "201", "8:26"},
		{"an unknown verb", "do: register", "do: call", `do is "call", and must be one of: register`},
		{"an id of another form", "REG-01", "one", "an id is three capitals"},
		{"no title", "title: a title", `title: ""`, "it needs a title"},
		{"an unknown need", "    steps:", "    needs: [luck]\n    steps:", `needs is "luck"`},
		{"an unknown profile", "    steps:", "    profiles: [obie-9.*]\n    steps:", "no profile is called obie-9.*"},
		{"an unknown state", "    steps:", "    given: money\n    steps:", `given is "money"`},
		{"an unknown spoil", "do: register", "do: register\n        spoil: eaten", `spoil is "eaten"`},
		{"an unknown key to sign with", "do: register", "do: register\n        sign: {key: stolen}", `sign.key is "stolen"`},
		{"an unknown type", "status: [201]", "members: {a: {type: text}}", `type of a is "text"`},
		{"an invalid pattern", "status: [201]", `headers: {Allow: "("}`, "a pattern"},
		{"no such status", "[201]", "[999]", "there is no status 999"},
		{"an error of a success", "error: []", "error: [invalid_client]", "an error is expected, and no status of 400"},
		{"an unknown step to compare with", "error: []", "same: call", `expect.same is "call"`},
		{"no steps", "    steps:\n      - do: register\n        expect: {status: [201], error: []}\n", "    steps: []\n", "it has no steps"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cases, err := Read([]byte(strings.Replace(good, test.old, test.new, 1)))
			if test.want == "" {
				if err != nil || len(cases) != 1 {
					t.Errorf("got %d cases, %v", len(cases), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	twice := good + strings.TrimPrefix(good, "cases:\n")
	if _, err := Read([]byte(twice)); err == nil || err.Error() != "case REG-01 is there twice" {
		t.Errorf("the same id twice: %v", err)
	}
}

// Every file that is shipped is read, and every file of the folder is shipped.
func TestCases(t *testing.T) {
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 60 {
		t.Errorf("only %d cases", len(cases))
	}
	files, err := caseFiles.ReadDir("cases")
	if err != nil || len(files) != len(order) {
		t.Errorf("%d files in cases, and %d in the order: %v", len(files), len(order), err)
	}
}

func TestOf(t *testing.T) {
	for _, test := range []struct {
		profiles []string
		name     string
		want     bool
	}{
		{nil, "cdr-au", true}, {[]string{"obie-*"}, "obie-3.1", true}, {[]string{"obie-*"}, "cdr-au", false}, {[]string{"obie-3.1", "cdr-au"}, "cdr-au", true},
	} {
		if got := (Case{Profiles: test.profiles}).Of(test.name); got != test.want {
			t.Errorf("%v of %s: %v", test.profiles, test.name, got)
		}
	}
}
