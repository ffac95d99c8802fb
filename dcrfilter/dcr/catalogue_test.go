package dcr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

// Every entry of the catalogue is complete and fit for an answer, code names it whole, and no code refuses by another id.
func TestCatalogue(t *testing.T) {
	sections, err := dcr.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	named, called := idsInCode(t)
	seen := map[string]bool{}
	for _, section := range sections {
		for _, entry := range section.Refusals {
			if seen[entry.ID] || !named[entry.ID] {
				t.Errorf("%s: the catalogue has it twice, or no code names it", entry.ID)
			}
			seen[entry.ID] = true
			checkEntry(t, entry)
			if places := strings.Count(entry.Says, "{"); slices.ContainsFunc(called[entry.ID], func(count int) bool { return count != places }) {
				t.Errorf("%s has %d places for arguments, and calls have %d", entry.ID, places, called[entry.ID])
			}
			delete(called, entry.ID)
		}
	}
	for id := range called {
		t.Errorf("the catalogue has no %s", id)
	}
	if len(seen) < 190 { // TPPs have seen them all
		t.Errorf("only %d refusals", len(seen))
	}
}

func checkEntry(t *testing.T, entry dcr.Refusal) {
	t.Helper()
	refusal := dcr.Refuse(entry.ID, make([]string, strings.Count(entry.Says, "{"))...)
	if refusal.Rule != entry.ID || refusal.Because == "" || refusal.Fix == "" || strings.ContainsAny(refusal.Because, "{}") {
		t.Errorf("%s is refused as %v", entry.ID, refusal)
	}
	for _, class := range entry.Classes() {
		if class.Status == 0 {
			t.Errorf("%s: one of %s, %s is no code", entry.ID, entry.Code, entry.Or)
		}
	}
	// "Values for the error_description parameter MUST NOT include characters outside the set %x20-21 / %x23-5B /
	// %x5D-7E" (RFC 6749, section 5.2). The other texts stand in tables of a page.
	if strings.ContainsAny(entry.Says, "\"\\`") || strings.ContainsAny(entry.Says+entry.Fix+entry.Clause, "|<") || strings.Count(entry.Fix, "`")%2 != 0 {
		t.Errorf("%s: a character does not fit an answer or a table", entry.ID)
	}
	for _, c := range entry.Says + entry.Fix + entry.Clause {
		if c < ' ' || c > '~' {
			t.Errorf("%s: %q is not printable ASCII", entry.ID, c)
		}
	}
}

// idsInCode returns the strings in the product's code, and the ids that it calls Refuse with, each with how many arguments
// follow it in each call.
func idsInCode(t *testing.T) (named map[string]bool, called map[string][]int) {
	t.Helper()
	named, called = map[string]bool{}, map[string][]int{}
	inspect := func(node ast.Node) {
		switch node := node.(type) {
		case *ast.BasicLit:
			text, _ := strconv.Unquote(node.Value)
			named[text] = true
		case *ast.CallExpr:
			function := node.Fun
			if method, ok := function.(*ast.SelectorExpr); ok {
				function = method.Sel
			}
			name, ok := function.(*ast.Ident)
			if !ok || len(node.Args) == 0 || !slices.Contains([]string{"Refuse", "RefuseStatement"}, name.Name) {
				return
			}
			if id, ok := node.Args[0].(*ast.BasicLit); ok && !node.Ellipsis.IsValid() {
				text, _ := strconv.Unquote(id.Value)
				called[text] = append(called[text], len(node.Args)-1)
			}
		}
	}
	for _, room := range []string{"config", "dcrfilter", "extauthz", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", "..", room), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			ast.Inspect(file, func(node ast.Node) bool { inspect(node); return true })
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return named, called
}

// An id or a number of arguments that the catalogue does not have denies, and says so to the log alone.
func TestRefuseUnknown(t *testing.T) {
	for _, refusal := range []*dcr.Error{dcr.Refuse("redirect_uris.htps"), dcr.Refuse(""), dcr.Refuse("audience", "x"), dcr.Refuse("auth_method")} {
		status, _, body := refusal.Answer("")
		if status != 503 || refusal.Rule != "internal" || refusal.Cause == nil || strings.Contains(string(body), "catalogue") {
			t.Errorf("%d %v: %s", status, refusal, body)
		}
	}
}
