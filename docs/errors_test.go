package docs_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

var classes = map[string]dcr.Class{
	"InvalidRedirectURI": dcr.InvalidRedirectURI, "InvalidClientMetadata": dcr.InvalidClientMetadata, "InvalidSoftwareStatement": dcr.InvalidSoftwareStatement,
	"UnapprovedSoftwareStatement": dcr.UnapprovedSoftwareStatement, "NoToken": dcr.NoToken, "NoCredential": dcr.NoCredential, "InvalidToken": dcr.InvalidToken, "Forbidden": dcr.Forbidden,
	"InvalidTokenRequest": dcr.InvalidTokenRequest, "InsufficientScope": dcr.InsufficientScope, "InvalidRequest": dcr.InvalidRequest, "Unavailable": dcr.Unavailable,
	"InvalidClient": dcr.InvalidClient, "UnauthorizedClient": dcr.UnauthorizedClient, "UnsupportedGrantType": dcr.UnsupportedGrantType,
	"InvalidScope": dcr.InvalidScope, "BadRequest": dcr.BadRequest, "NotFound": dcr.NotFound, "MethodNotAllowed": dcr.MethodNotAllowed,
	"NotAcceptable": dcr.NotAcceptable, "Misdirected": dcr.Misdirected, "TooLarge": dcr.TooLarge, "UnsupportedMediaType": dcr.UnsupportedMediaType,
}

// tails are the second halves of ids that the code puts together, and where it has them.
var tails = map[string]struct{ files, pattern string }{
	"fault.rule": {"../dcrfilter/rule/*.go", `\bfault\{+(?:rule: )?"(\w+)"`}, "wrong.rule": {"../dcrfilter/rule/*.go", `uriFault\{"(\w+)"`},
	"kept.name": {"../dcrfilter/rule/*.go", `\{"(\w+)", r\.Statement\.`}, "wrong.Claim": {"../dcrfilter/dcr/*.go", `TimeError\{"(\w+)"`},
	"member":     {"../dcrfilter/rule/authentication.go", `refuse\("(\w+)"\)`},
	"named.Rule": {"../internal/cert/*.go", `refuse\("(certificate\.\w+)"`},
	"form.Rule":  {"../internal/jose/*.go", `formError\("([\w.]+)"`}, "malformed.Rule": {"../internal/jose/*.go", `formError\("([\w.]+)"`},
}

// A refusal is what the code says of an id. One that is made by a function has a prefix and the argument that follows it.
type refusal struct {
	codes, clauses []string // codes with their statuses; clauses as far as they are spelt out, and "" where there is one
	prefix         string
	argument       int
}

type sources struct {
	t         *testing.T
	files     map[*ast.File]string // and their folders
	functions map[string]refusal   // by folder and name
	refusals  map[string]refusal   // by id
}

// Every refusal of the code has its row, and every row is of a refusal.
func TestRefusals(t *testing.T) {
	s := &sources{t, map[*ast.File]string{}, map[string]refusal{}, map[string]refusal{}}
	for path, source := range contents("../dcrfilter/*.go", "../dcrfilter/*/*.go", "../extauthz/*.go", "../extauthz/*/*.go") {
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		s.files[file] = filepath.Dir(path)
		// Some refusals are not made by a call; one of these has the class of another.
		for _, found := range regexp.MustCompile(`(?:dcr\.(\w+), |\.)Rule(?:: | = )"([\w.]+)"`).FindAllStringSubmatch(source, -1) {
			s.add(found[2], refusal{codes: codesOf(found[1])})
		}
	}
	for before := -1; before < len(s.functions); { // one may call another that is read later
		before = len(s.functions)
		for file, folder := range s.files {
			s.read(folder, "", nil, file)
		}
	}
	rows := map[string][]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| <a id=\"(.+?)\"></a>`(.+?)` \\| (.+) \\|$").FindAllStringSubmatch(contents("errors.md")["errors.md"], -1) {
		if rows[row[1]] != nil || row[1] != row[2] {
			t.Errorf("%s has two rows, or another anchor: %s", row[1], row[2])
		}
		rows[row[1]] = strings.Split(row[3], " | ")
	}
	for id, refusal := range s.refusals {
		if row := rows[id]; len(row) == 4 {
			refusal.check(t, id, row[0], row[3])
		} else {
			t.Errorf("%s (%s) has no row of five columns", id, strings.Join(refusal.codes, ", "))
		}
		delete(rows, id)
	}
	for id := range rows {
		t.Errorf("no code refuses by %s", id)
	}
}

func (r refusal) check(t *testing.T, id, codes, clause string) {
	if want := strings.Join(r.codes, ", "); want != "" && want != codes {
		t.Errorf("%s is answered with %s, and the page has %s", id, want, codes)
	}
	for _, part := range r.clauses {
		if part = strings.Trim(part, ", "); clause == "none" || !strings.Contains(clause, part) {
			t.Errorf("%s cites %q, and the page has %q", id, part, clause)
		}
	}
}

// read finds the refusals in a function or a file.
func (s *sources) read(folder, function string, parameters []string, body ast.Node) {
	cited := map[ast.Expr]ast.Expr{}
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncDecl:
			var names []string
			for _, field := range node.Type.Params.List {
				for _, name := range field.Names {
					names = append(names, name.Name)
				}
			}
			s.read(folder, node.Name.Name, names, node.Body)
			return false
		case *ast.CallExpr:
			// What is cited stands around the call: refuse(...).At(...).Per(clause).
			if method, ok := node.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Per" {
				cited[method.X] = node.Args[0]
			} else if ok && cited[node] != nil {
				cited[method.X] = cited[node]
			}
			name := types.ExprString(node.Fun)
			by, known := s.functions[folder+" "+name]
			if name == "dcr.Refuse" || name == "Refuse" && folder == "../dcrfilter/dcr" {
				by, known = refusal{codes: codesOf(types.ExprString(node.Args[0])), argument: 1}, true
			}
			if known {
				s.refuse(folder, function, parameters, by, node.Args, cited[node])
			}
		}
		return true
	})
}

// refuse notes what a call gives: refusals, or another function that makes them.
func (s *sources) refuse(folder, function string, parameters []string, by refusal, arguments []ast.Expr, clause ast.Expr) {
	if slices.ContainsFunc(arguments, func(e ast.Expr) bool { return slices.Contains(literals(e), "") }) {
		by.clauses = nil // it is that which is passed on
	}
	if clause != nil {
		by.clauses = append(literals(clause), "")
	}
	rest := arguments[by.argument]
	if sum, ok := rest.(*ast.BinaryExpr); ok {
		by.prefix, rest = by.prefix+strings.Join(literals(sum.X), ""), sum.Y
	}
	end := types.ExprString(rest)
	if id := literals(rest); len(id) == 1 {
		s.add(by.prefix+id[0], by)
	} else if at := slices.Index(parameters, end); at >= 0 {
		by.argument = at
		s.functions[folder+" "+function] = by
	} else if tail, known := tails[end]; known {
		for _, source := range contents(tail.files) {
			for _, found := range regexp.MustCompile(tail.pattern).FindAllStringSubmatch(source, -1) {
				s.add(by.prefix+found[1], by)
			}
		}
	} else {
		s.t.Errorf("%s, %s: this test does not know what %s may be", folder, function, end)
	}
}

func (s *sources) add(id string, says refusal) {
	codes, clauses := slices.Concat(s.refusals[id].codes, says.codes), slices.Concat(s.refusals[id].clauses, says.clauses)
	s.refusals[id] = refusal{codes: slices.Compact(slices.Sorted(slices.Values(codes))), clauses: clauses}
}

// codes are those of a class as the page writes them, with their statuses.
func codesOf(class string) []string {
	switch class = strings.TrimPrefix(class, "dcr."); class {
	case "":
		return nil
	case "classOf(name)": // of the data dictionary
		return slices.Concat(codesOf("InvalidClientMetadata"), codesOf("InvalidRedirectURI"), codesOf("InvalidSoftwareStatement"))
	}
	return []string{fmt.Sprintf("`%s` %d", cmp.Or(classes[class].Code, "unauthorized"), classes[class].Status)}
}

// literals are the strings in an expression, which may be nil.
func literals(expression ast.Expr) (found []string) {
	for _, match := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(types.ExprString(expression), -1) {
		found = append(found, match[1])
	}
	return found
}

// contents are the texts of files that are no tests, by path. What cannot be read is missed by its rows.
func contents(patterns ...string) map[string]string {
	found := map[string]string{}
	for _, pattern := range patterns {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			if text, err := os.ReadFile(path); err == nil && !strings.HasSuffix(path, "_test.go") {
				found[path] = string(text)
			}
		}
	}
	return found
}
