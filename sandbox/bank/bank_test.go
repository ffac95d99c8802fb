package bank

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// reply is what the bank has answered, read as far as a test looks.
type reply struct {
	status int
	header http.Header
	text   string
	said   struct {
		Data struct {
			Account, Balance, Transaction        []json.RawMessage
			ConsentId, Status, DomesticPaymentId string
			FundsConfirmationId                  string
			FundsAvailable                       bool
		}
		Links  struct{ Self string }
		Code   string
		Errors []struct{ ErrorCode, Message, Path string }
	}
}

// ask asks a bank. Each header is a name and a value.
func ask(t *testing.T, bank http.Handler, method, path, body string, headers ...string) reply {
	t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	bank.ServeHTTP(recorder, request)
	got := reply{status: recorder.Code, header: recorder.Header(), text: recorder.Body.String()}
	if got.text != "" {
		if err := json.Unmarshal(recorder.Body.Bytes(), &got.said); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, got.text)
		}
	}
	return got
}

// codes are what a refusal finds wrong, and where.
func (r reply) codes() string {
	var codes []string
	for _, fault := range r.said.Errors {
		codes = append(codes, strings.TrimSpace(strings.TrimPrefix(fault.ErrorCode, "UK.OBIE.")+" "+fault.Path))
	}
	return strings.Join(codes, ", ")
}

// refused checks that a refusal is the wanted one.
func (r reply) refused(t *testing.T, status int, codes string) {
	t.Helper()
	if r.status != status || r.codes() != codes {
		t.Errorf("%d, %s; want %d, %s", r.status, r.codes(), status, codes)
	}
}

func TestSaysWhatItReceivedByNameAlone(t *testing.T) {
	for _, path := range []string{AccountsPath, "/nothing", PaymentsPath} {
		got := ask(t, Handler(), http.MethodGet, path, "", "Authorization", "Bearer secret", "X-Dcr-Facts", "secret", "Accept", "application/json")
		if have, want := got.header.Get("X-Bank-Received"), "authorization, x-dcr-facts"; have != want {
			t.Errorf("%s: x-bank-received is %q, want %q", path, have, want)
		}
		if strings.Contains(got.text, "secret") {
			t.Errorf("%s: the bank echoes a secret", path)
		}
	}
}

func TestMethodsAndPaths(t *testing.T) {
	bank := Handler()
	for _, c := range []struct {
		method, path string
		want         int
		code, allow  string
	}{
		{"GET", HealthPath, 200, "", ""},
		{"HEAD", AccountsPath, 200, "", ""},
		{"POST", AccountsPath, 405, "Sandbox.Method", "GET"},
		{"GET", PaymentsPath, 405, "Sandbox.Method", "POST"},
		{"PUT", FundsConsentsPath + "/1", 405, "Sandbox.Method", "DELETE, GET"},
		{"GET", "/", 404, "Resource.NotFound", ""},
		{"GET", "/open-banking/v3.1/aisp", 404, "Resource.NotFound", ""},
		{"GET", AccountsPath + "/", 404, "Resource.NotFound", ""},
		{"GET", AccountsPath + "/1/nothing", 404, "Resource.NotFound", ""},
	} {
		got := ask(t, bank, c.method, c.path, "")
		if got.status != c.want || got.codes() != c.code || got.header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d %q, Allow %q", c.method, c.path, got.status, got.codes(), got.header.Get("Allow"))
		}
		if got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: it is %s", c.method, c.path, got.header.Get("Content-Type"))
		}
	}
}

func TestARefusalHasTheStandardsShape(t *testing.T) {
	got := ask(t, Handler(), "GET", AccountsPath+"/1", "")
	want := `{"Code":"400 BadRequest","Message":"Bad Request","Errors":[{"ErrorCode":"UK.OBIE.Resource.NotFound","Message":"there is no account with this id"}]}`
	if strings.TrimSpace(got.text) != want {
		t.Errorf("have %s", got.text)
	}
}

func TestTheNewestAreKept(t *testing.T) {
	var k kept[int]
	for i := range mostKept + 1 {
		k.put(string(rune(i)), i)
	}
	k.put(string(rune(1)), 7)
	if _, ok := k.get(string(rune(0))); ok || len(k.byID) != mostKept || len(k.order) != mostKept {
		t.Errorf("%d are kept", len(k.byID))
	}
	if changed, _ := k.get(string(rune(1))); changed != 7 {
		t.Errorf("have %d", changed)
	}
	if !k.drop(string(rune(1))) || k.drop(string(rune(1))) {
		t.Error("what is dropped is gone, once")
	}
}
