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
			FundsAvailable                       bool
			Reference                            string
			Accounts                             []struct{ AccountID, DisplayName, MaskedNumber, ProductCategory, ProductName string }
		}
		Links struct{ Self string }
	}
}

// ask asks the bank. Each header is a name and a value.
func ask(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	Handler().ServeHTTP(recorder, request)
	got := reply{status: recorder.Code, header: recorder.Header(), text: recorder.Body.String()}
	if got.header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(recorder.Body.Bytes(), &got.said); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, got.text)
		}
	}
	return got
}

func TestSaysWhatItReceivedByNameAlone(t *testing.T) {
	for _, path := range []string{AccountsPath, "/nothing", PaymentsPath} {
		got := ask(t, http.MethodGet, path, "", "Authorization", "Bearer secret", "X-Dcr-Facts", "secret", "Accept", "application/json")
		if have, want := got.header.Get("X-Bank-Received"), "authorization, x-dcr-facts"; have != want {
			t.Errorf("%s: x-bank-received is %q, want %q", path, have, want)
		}
		if strings.Contains(got.text, "secret") {
			t.Errorf("%s: the bank echoes a secret", path)
		}
	}
}

func TestEcho(t *testing.T) {
	got := ask(t, http.MethodPut, EchoPath+"?a=b", `text`, "Authorization", "Bearer secret", "X-Dcr-Facts", "the facts")
	for _, part := range []string{`"method":"PUT"`, `"target":"/echo?a=b"`, `"X-Dcr-Facts":["the facts"]`, `"body":"text"`, `"Authorization":["(not shown)"]`} {
		if got.status != 200 || !strings.Contains(got.text, part) {
			t.Errorf("%d %s: %s is missing", got.status, got.text, part)
		}
	}
}

func TestMethodsAndPaths(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", HealthPath, 200}, {"HEAD", AccountsPath, 200}, {"POST", AccountsPath, 405}, {"GET", PaymentsPath, 405},
		{"DELETE", FundsConsentsPath + "/1", 204}, {"GET", "/", 404}, {"GET", AccountsPath + "/", 404}, {"GET", AccountsPath + "/1/nothing", 404},
	} {
		if got := ask(t, c.method, c.path, ""); got.status != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got.status, c.want)
		}
	}
}

func TestAccounts(t *testing.T) {
	for _, c := range []struct {
		path                             string
		accounts, balances, transactions int
	}{
		{AccountsPath, 2, 0, 0},
		{AccountsPath + "/31820", 1, 0, 0},
		{AccountsPath + "/" + SampleAccount + "/balances", 0, 1, 0},
		{AccountsPath + "/" + SampleAccount + "/transactions?page=1", 0, 0, 2},
	} {
		got := ask(t, "GET", c.path, "")
		data := got.said.Data
		if got.status != 200 || len(data.Account) != c.accounts || len(data.Balance) != c.balances || len(data.Transaction) != c.transactions || got.said.Links.Self != c.path {
			t.Errorf("%s: %d %s", c.path, got.status, got.text)
		}
	}
	got := ask(t, "GET", AccountsPath+"/1", "")
	want := `{"Code":"400 BadRequest","Errors":[{"ErrorCode":"UK.OBIE.Resource.NotFound","Message":"there is no account with this id"}],"Message":"Bad Request"}`
	if got.status != 400 || strings.TrimSpace(got.text) != want {
		t.Errorf("no such account: %d %s", got.status, got.text)
	}
}

func TestPaymentsAndFunds(t *testing.T) {
	const body = `{"Data":{"Initiation":{"InstructedAmount":{"Amount":"165.88","Currency":"GBP"}},"Reference":"mine"},"Risk":{"a":"b"}}`
	consent := ask(t, "POST", PaymentConsentsPath, body, "x-idempotency-key", "k")
	data := consent.said.Data
	if consent.status != 201 || data.Status != "AwaitingAuthorisation" || data.ConsentId == "" || data.Reference != "mine" || !strings.Contains(consent.text, `"Risk":{"a":"b"}`) {
		t.Fatalf("%d %s", consent.status, consent.text)
	}
	if again := ask(t, "POST", PaymentConsentsPath, body, "x-idempotency-key", "k"); again.said.Data.ConsentId != data.ConsentId {
		t.Error("a repeated request has another id")
	}
	if other := ask(t, "POST", PaymentConsentsPath, body, "x-idempotency-key", "l"); other.said.Data.ConsentId == data.ConsentId {
		t.Error("two requests have one id")
	}
	if read := ask(t, "GET", consent.said.Links.Self, ""); read.status != 200 || read.said.Data.ConsentId != data.ConsentId {
		t.Errorf("%d %s", read.status, read.text)
	}
	payment := ask(t, "POST", PaymentsPath, body)
	if payment.status != 201 || payment.said.Data.DomesticPaymentId == "" || payment.said.Links.Self != PaymentsPath+"/"+payment.said.Data.DomesticPaymentId {
		t.Errorf("%d %s", payment.status, payment.text)
	}
	if funds := ask(t, "POST", FundsConfirmationsPath, body); funds.status != 201 || !funds.said.Data.FundsAvailable {
		t.Errorf("%d %s", funds.status, funds.text)
	}
	for _, body := range []string{"", " ", "[]", `{"Data":1}`, `{}`, `{"Data":{"a":"` + strings.Repeat("x", maxBody) + `"}}`} {
		if got := ask(t, "POST", FundsConsentsPath, body); got.status != 400 || !strings.Contains(got.text, "UK.OBIE.Resource.InvalidFormat") {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
}

func TestRecipientAccounts(t *testing.T) {
	got := ask(t, "GET", RecipientAccountsPath, "", "x-v", "2")
	if got.status != 200 || got.header.Get("x-v") != "2" || len(got.said.Data.Accounts) != 2 || got.said.Links.Self != RecipientAccountsPath {
		t.Fatalf("%d %s", got.status, got.text)
	}
	for _, account := range got.said.Data.Accounts {
		if account.AccountID == "" || account.DisplayName == "" || account.MaskedNumber == "" || account.ProductCategory == "" || account.ProductName == "" {
			t.Errorf("a member is missing that the standard asks for: %+v", account)
		}
	}
}
