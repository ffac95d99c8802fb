package extauthz

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// TestResponsesComeFromTwoPlaces reads the package itself: a zero CheckResponse means yes to Envoy, so nobody but allow
// and deny makes one, and allow is called once, where all checks have passed.
func TestResponsesComeFromTwoPlaces(t *testing.T) {
	makers, callers, others := map[string]int{}, map[string]int{}, map[string]int{}
	for name, function := range functions(t) {
		ast.Inspect(function, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CompositeLit:
				if names(node.Type, "CheckResponse") {
					makers[name]++
				}
			case *ast.CallExpr:
				if called, ok := node.Fun.(*ast.Ident); ok && called.Name == "allow" {
					callers[name]++
				}
				if called, ok := node.Fun.(*ast.Ident); ok && called.Name == "new" && names(node.Args[0], "CheckResponse") {
					others[name]++
				}
			case *ast.ValueSpec:
				if names(node.Type, "CheckResponse") {
					others[name]++
				}
			}
			return true
		})
	}
	if len(makers) != 2 || makers["allow"] != 1 || makers["deny"] != 1 || len(others) != 0 {
		t.Errorf("CheckResponses are made in %v, and without a literal in %v; want allow and deny alone", makers, others)
	}
	if len(callers) != 1 || callers["Check"] != 1 {
		t.Errorf("allow is called in %v; want Check alone, once", callers)
	}
}

// TestCheckAllowsAtItsEnd holds the one call of allow to where it is: the last statement of Check, below a refusal that
// always returns.
func TestCheckAllowsAtItsEnd(t *testing.T) {
	body := functions(t)["Check"].Body.List
	last, ok := body[len(body)-1].(*ast.ReturnStmt)
	if !ok || len(last.Results) != 2 {
		t.Fatal("Check does not end with a return")
	}
	if call, ok := last.Results[0].(*ast.CallExpr); !ok || !names(call.Fun, "allow") {
		t.Error("Check does not end with allow")
	}
}

// functions are those of the package, without its tests.
func functions(t *testing.T) map[string]*ast.FuncDecl {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*ast.FuncDecl{}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				all[function.Name.Name] = function
			}
		}
	}
	if len(all) < 20 {
		t.Fatalf("only %d functions found", len(all))
	}
	return all
}

// names says whether a type or a value is called by that name, with or without its package.
func names(expression ast.Expr, name string) bool {
	switch e := expression.(type) {
	case *ast.SelectorExpr:
		return e.Sel.Name == name
	case *ast.Ident:
		return e.Name == name
	case *ast.StarExpr:
		return names(e.X, name)
	}
	return false
}

// every calls a test with each refusal of the catalogue, in each of its classes.
func every(t *testing.T, test func(*testing.T, *dcr.Error)) {
	t.Helper()
	sections, err := dcr.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range sections {
		for _, entry := range section.Refusals {
			for _, class := range entry.Classes() {
				args := make([]string, strings.Count(entry.Says, "{"))
				t.Run(entry.ID+" "+class.Name(), func(t *testing.T) { test(t, dcr.Refuse(entry.ID, args...).As(class)) })
			}
		}
	}
}

// TestDeny walks all refusals: each says no, in full.
func TestDeny(t *testing.T) {
	every(t, func(t *testing.T, refusal *dcr.Error) {
		refusal, class := refusal.CausedBy(errors.New("for the log alone")), refusal.Class
		refusal.Allow = []string{"GET"}
		got := readResponse(t, deny(&decision.Line{ID: decisionID, Interaction: interactionID}, refusal, ""))
		if got.allowed || got.status != class.Status || got.rule != refusal.Rule {
			t.Errorf("got %+v", got)
		}
		if got.failed != (class == dcr.Unavailable) {
			t.Errorf("counted as an outage: %v", got.failed)
		}
		if got.decision != decisionID || got.header.Get(decision.InteractionHeader) != interactionID {
			t.Errorf("decision %s, interaction %s", got.decision, got.header.Get(decision.InteractionHeader))
		}
		if strings.Contains(got.body, "log alone") {
			t.Errorf("the cause is answered: %s", got.body)
		}
		wantHeader(t, got, "Www-Authenticate", class.Status == http.StatusUnauthorized || class.Status == http.StatusForbidden)
		wantHeader(t, got, "Allow", class.Status == http.StatusMethodNotAllowed)
		wantHeader(t, got, "Retry-After", class == dcr.Unavailable)
		wantHeader(t, got, factsHeader, false)
	})
}

func wantHeader(t *testing.T, got answer, name string, there bool) {
	t.Helper()
	if (got.header.Get(name) != "") != there {
		t.Errorf("%s is %q, wanted: %v", name, got.header.Get(name), there)
	}
}

// TestDenyTwice wants the same refusal to be written the same way, header by header.
func TestDenyTwice(t *testing.T) {
	order := func() (list []string) {
		refusal := dcr.Refuse("bearer.token")
		for _, option := range deny(&decision.Line{ID: decisionID, Interaction: interactionID}, refusal, "").GetDeniedResponse().GetHeaders() {
			list = append(list, option.GetHeader().GetKey())
		}
		return list
	}
	if first := order(); !slices.IsSorted(first) || !slices.Equal(first, order()) || !slices.Contains(first, "www-authenticate") {
		t.Errorf("got %v", first)
	}
}

func TestAllow(t *testing.T) {
	line := &decision.Line{ID: decisionID, Interaction: interactionID, Client: "a-client"}
	got := readResponse(t, allow(line, []header{{factsHeader, "the.facts.themselves"}}))
	if !got.allowed || got.decision != decisionID || got.client != "a-client" {
		t.Errorf("got %+v", got)
	}
	if len(got.header) != 2 || got.header.Get(factsHeader) != "the.facts.themselves" || got.header.Get(decision.InteractionHeader) != interactionID {
		t.Errorf("headers %v", got.header)
	}
}
