package conform

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// refusals are the cases that a bank can only pass by refusing something.
func refusals(cases []Case) []string {
	var ids []string
	for _, c := range cases {
		if slices.ContainsFunc(c.Steps, func(s Step) bool {
			return len(s.Expect.Status) > 0 && slices.Min(s.Expect.Status) >= 400 && !slices.Contains(s.Expect.Open, 200)
		}) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// No case that expects a refusal holds by itself: all of them find a bank that refuses nothing.
func TestBankThatAgreesToEverything(t *testing.T) {
	_, setup := newBank(t)
	report, err := Judge(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	if report.Stopped != "" {
		t.Fatal(report.Stopped)
	}
	outcomes := map[string]Outcome{}
	for _, result := range report.Results {
		outcomes[result.ID] = result.Outcome
	}
	cases, err := chosen("obie-3.3", nil)
	if err != nil {
		t.Fatal(err)
	}
	must := refusals(cases)
	if len(must) < 80 {
		t.Fatalf("only %d cases expect a refusal", len(must))
	}
	for _, id := range must {
		needsRSA := outcomes[id] == Skipped && (id == "SIG-01" || strings.HasPrefix(id, "AST-")) // the bank's TPP has an EC key
		mayOpen := outcomes[id] == Skipped && id == "CLM-06"
		if outcomes[id] != Fails && !needsRSA && !mayOpen {
			t.Errorf("%s %s at a bank that refuses nothing", id, outcomes[id])
		}
	}
	for _, id := range []string{"REG-01", "REG-03", "REG-04", "REG-05", "REG-07", "REG-09", "REG-10", "MGT-01", "MGT-05", "TOK-01"} {
		if outcomes[id] != Holds {
			t.Errorf("%s %s, want it to hold", id, outcomes[id])
		}
	}
}

// Whatever a case does, and however it ends, what it has registered is deleted.
func TestNothingIsLeftBehind(t *testing.T) {
	b, setup := newBank(t)
	if _, err := Judge(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.clients, "") // of paths that name none
	for id := range b.clients {
		if strings.HasPrefix(id, "client-") {
			t.Errorf("the client %s is left behind", id)
		}
	}
	if b.next < 100 {
		t.Errorf("only %d registrations", b.next)
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	at := func(path, method string, status int, body string) func(*http.Request) (int, string) {
		return func(r *http.Request) (int, string) {
			if strings.HasPrefix(r.URL.Path, path) && r.Method == method {
				return status, body
			}
			return 0, ""
		}
	}
	for _, test := range []struct {
		name   string
		refuse func(*http.Request) (int, string)
		change func(*Setup)
		want   string
		is     error
	}{
		{"a duplicate by its words", at("/register", "POST", 400, `{"error":"invalid_software_statement","error_description":"Duplicate registrations are not valid"}`), nil, "already registered", ErrRegistered},
		{"a duplicate by its status", at("/register", "POST", 409, `{}`), nil, "already registered", ErrRegistered},
		{"a refusal", at("/register", "POST", 400, `{"error":"invalid_client_metadata"}`), nil, "400 invalid_client_metadata", nil},
		{"no token", at("/token", "POST", 401, `{"error":"invalid_client"}`), nil, "the client is left behind", nil},
		{"no deletion", at("/register", "DELETE", 500, ``), nil, "is left behind: received 500", nil},
		{"no discovery", at("/discovery", "GET", 404, ``), nil, "discovery document is not available: status 404", nil},
		{"no such case", nil, func(s *Setup) { s.Only = []string{"REG-99"} }, "has no case REG-99", nil},
		{"no such profile", nil, func(s *Setup) { s.Profile = "obie-9" }, "no profile is called obie-9", nil},
		{"no statement", nil, func(s *Setup) {
			s.Statements.Fetch = func(context.Context) (string, error) { return "", errors.New("gone") }
		}, "get a software statement: gone", nil},
		{"an invalid statement", nil, func(s *Setup) {
			s.Statements.Fetch = func(context.Context) (string, error) { return "a.b", nil }
		}, "is not a signed JWT", nil},
		{"nobody there", nil, func(s *Setup) { s.Discovery, s.Base = "", "https://127.0.0.1:1/register" }, "connection refused", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, setup := newBank(t)
			if test.refuse != nil {
				b.refuse = test.refuse
			}
			if test.change != nil {
				test.change(&setup)
			}
			_, err := Judge(t.Context(), setup)
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// Where a client cannot be deleted one is kept, and the cases that need no other are run with it.
func TestBankWithoutDelete(t *testing.T) {
	b, setup := newBank(t)
	b.refuse = func(r *http.Request) (int, string) {
		if r.Method == http.MethodDelete {
			return http.StatusMethodNotAllowed, ""
		}
		return 0, ""
	}
	setup.Only = []string{"REG-01", "TOK-01", "MGT-01", "MGT-03", "MGT-10", "BEA-01"}
	report, err := Judge(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Outcome{"REG-01": Skipped, "TOK-01": Holds, "MGT-01": Skipped, "MGT-03": Holds, "MGT-10": Skipped, "BEA-01": Fails}
	for _, result := range report.Results {
		if result.Outcome != want[result.ID] {
			t.Errorf("%s %s, want %s: %v", result.ID, result.Outcome, want[result.ID], result.Because)
		}
	}
	if b.next != 1 {
		t.Errorf("%d clients were registered, want 1", b.next)
	}
	if len(report.Notes) != 1 || !strings.Contains(report.Notes[0], "left behind") {
		t.Errorf("the notes are %q, want that a client is left behind", report.Notes)
	}
}

// A statement that can be used once is used once, unless a fresh one is available.
func TestSingleUseStatements(t *testing.T) {
	for _, test := range []struct {
		name  string
		fresh bool
		calls int32
		want  map[string]Outcome
	}{
		{"from a file", false, 1, map[string]Outcome{"REG-01": Skipped, "TOK-01": Holds, "MGT-02": Skipped, "BEA-01": Fails}},
		{"from the directory", true, 6, map[string]Outcome{"REG-01": Holds, "TOK-01": Holds, "MGT-02": Holds, "BEA-01": Fails}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, setup := newBank(t)
			var calls atomic.Int32
			setup.Profile = "cdr-au"
			setup.Statements = Statements{Fresh: test.fresh, Fetch: func(context.Context) (string, error) {
				calls.Add(1)
				return b.statement()
			}}
			setup.Only = []string{"REG-01", "TOK-01", "MGT-02", "BEA-01"}
			report, err := Judge(t.Context(), setup)
			if err != nil {
				t.Fatal(err)
			}
			for _, result := range report.Results {
				if result.Outcome != test.want[result.ID] {
					t.Errorf("%s %s, want %s: %v", result.ID, result.Outcome, test.want[result.ID], result.Because)
				}
			}
			if calls.Load() != test.calls || len(b.clients) != 0 {
				t.Errorf("%d statements and %d clients left, want %d and none", calls.Load(), len(b.clients), test.calls)
			}
		})
	}
}

// A run whose client cannot be deleted any more says so, and does not go on.
func TestRunThatLeavesAClientStops(t *testing.T) {
	b, setup := newBank(t)
	var deletions atomic.Int32
	b.refuse = func(r *http.Request) (int, string) {
		if r.Method == http.MethodDelete && deletions.Add(1) > 1 {
			return http.StatusInternalServerError, ""
		}
		return 0, ""
	}
	setup.Only = []string{"REG-01", "REG-03"}
	report, err := Judge(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(report.Stopped, "left behind at the bank: delete: received 500") {
		t.Errorf("stopped because of %q", report.Stopped)
	}
	if last := report.Results[1]; last.Outcome != Skipped || last.Because[0] != "the run was stopped before" {
		t.Errorf("the case after it: %+v", last)
	}
}

// A text media type that the bank does not take is answered with the next one.
func TestContentTypeOfTheBank(t *testing.T) {
	b, setup := newBank(t)
	b.refuse = func(r *http.Request) (int, string) {
		if r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/jwt" {
			return http.StatusUnsupportedMediaType, ""
		}
		return 0, ""
	}
	setup.Only = []string{"REG-01", "REG-11", "REG-12"}
	report, err := Judge(t.Context(), setup)
	if err != nil {
		t.Fatal(err)
	}
	if report.Held != 2 || report.Skipped != 1 {
		t.Error(report.Text())
	}
}
