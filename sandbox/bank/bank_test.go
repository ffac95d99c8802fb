package bank

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAccounts(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, AccountsPath, nil)
	request.Header.Set("Authorization", "Bearer secret")
	request.Header.Set("X-Dcr-Facts", "secret")
	request.Header.Set("Accept", "application/json")
	answer := httptest.NewRecorder()
	Handler().ServeHTTP(answer, request)
	if answer.Code != http.StatusOK {
		t.Fatalf("status %d", answer.Code)
	}
	if got, want := answer.Header().Get("X-Bank-Received"), "authorization, x-dcr-facts"; got != want {
		t.Errorf("x-bank-received is %q, want %q", got, want)
	}
	if strings.Contains(answer.Body.String(), "secret") {
		t.Error("the bank echoes a secret")
	}
	var body struct {
		Data struct{ Account []struct{ AccountId string } } // OBIE's name
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil || len(body.Data.Account) != 2 {
		t.Errorf("%v: %s", err, answer.Body)
	}
}

func TestNothingElse(t *testing.T) {
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPost, AccountsPath, http.StatusMethodNotAllowed},
		{http.MethodGet, AccountsPath + "/22289", http.StatusNotFound},
	} {
		answer := httptest.NewRecorder()
		Handler().ServeHTTP(answer, httptest.NewRequest(test.method, test.path, nil))
		if answer.Code != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, answer.Code, test.want)
		}
	}
}
