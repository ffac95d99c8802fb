package routes_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/yamlfile"
)

// FuzzParse looks for a text that ends the process, for a problem that nobody could find in the file, and for a file
// that is taken and cannot be used.
func FuzzParse(f *testing.F) {
	full, dir := source(f)
	f.Add(full)
	f.Add(string(many(1)))
	for _, name := range []string{"routes.yaml", "defaults.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, table := range [][]refusal{notYAML, badForm, badRoutes} {
		for _, c := range table {
			text, _ := c.edited(f)
			f.Add(text)
		}
	}
	for _, text := range []string{"", "a", "a: &b [*b]", "? a\n: b", "a: |\n -----BEGIN", "- - - a", "{a, b: , c}", "a: !!binary aa==", "\xef\xbb\xbfa: b", "&a a: *a", "a: \"\\x41\\u00e9\"\n", "... \n---", "*a : b", "{? a, ? b}", "[a: b\nc: d]", "a: >-\n  b\n\n  c\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := routes.Parse("routes.yaml", []byte(text), dir)
		if err != nil {
			checkProblems(t, text, err)
			return
		}
		checkFile(t, file, dir)
	})
}

func checkProblems(t *testing.T, text string, err error) {
	problems, ok := err.(yamlfile.Problems)
	if !ok || len(problems) == 0 || problems.Error() == "" {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	lines := strings.Count(text, "\n") + 1
	for i, problem := range problems {
		switch {
		case problem.ID == "" || problem.What == "" || problem.Severity != yamlfile.Error || problem.File != "routes.yaml":
			t.Errorf("this says too little: %+v", *problem)
		case problem.Line > lines || problem.Line > 0 && problem.Column < 1:
			t.Errorf("there is no such line: %+v", *problem)
		case i > 0 && problem.Line < problems[i-1].Line:
			t.Errorf("this is not in order: %+v", *problem)
		case strings.Contains(problem.Text, "-----") || strings.Contains(problem.What, "-----"):
			t.Errorf("this may show a secret: %+v", *problem)
		}
	}
}

func checkFile(t *testing.T, file *routes.File, dir string) {
	text, err := routes.Write(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := routes.Parse("again.yaml", text, dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(content(file), content(again)) {
		t.Errorf("have\n%+v\nwant\n%+v", content(again), content(file))
	}
	for i := range file.Routes {
		if _, ok := file.Routes[i].Params(file.Routes[i].Path); !ok {
			t.Errorf("%s does not meet itself", file.Routes[i].Path)
		}
	}
}
