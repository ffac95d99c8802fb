package bank

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRecipientAccounts(t *testing.T) {
	got := ask(t, Handler(), "GET", RecipientAccountsPath, "", "x-v", "2")
	var said struct {
		Data struct {
			Accounts []struct{ AccountID, DisplayName, MaskedNumber, ProductCategory, ProductName string }
		}
		Links struct{ Self string }
		Meta  struct{ TotalRecords, TotalPages int }
	}
	if err := json.Unmarshal([]byte(got.text), &said); err != nil {
		t.Fatal(err)
	}
	if got.status != 200 || got.header.Get("x-v") != "2" || len(said.Data.Accounts) != 2 || said.Links.Self != RecipientAccountsPath || said.Meta.TotalRecords != 2 || said.Meta.TotalPages != 1 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	for _, account := range said.Data.Accounts {
		if account.AccountID == "" || account.DisplayName == "" || account.MaskedNumber == "" || account.ProductCategory == "" || account.ProductName == "" {
			t.Errorf("a member is missing that the standard asks for: %+v", account)
		}
	}
}

func TestRecipientVersions(t *testing.T) {
	for _, c := range []struct {
		name, newest, oldest string
		want                 int
		says                 string
	}{
		{"none", "", "", 200, "accounts"},
		{"ours", "2", "", 200, "accounts"},
		{"up to a newer one", "4", "1", 200, "accounts"},
		{"a newer one alone", "3", "", 406, "Header/UnsupportedVersion"},
		{"from a newer one", "4", "3", 406, "Header/UnsupportedVersion"},
		{"an older one", "1", "", 406, "Header/UnsupportedVersion"},
		{"a least that is the newest", "2", "2", 200, "accounts"},
		{"a least above the newest, which does not count", "2", "5", 200, "accounts"},
		{"no number", "two", "", 400, "Header/InvalidVersion"},
		{"zero", "0", "", 400, "Header/InvalidVersion"},
		{"a least that is no number", "2", "x", 400, "Header/InvalidVersion"},
	} {
		headers := []string{}
		for name, value := range map[string]string{"x-v": c.newest, "x-min-v": c.oldest} {
			if value != "" {
				headers = append(headers, name, value)
			}
		}
		if got := ask(t, Handler(), "GET", RecipientAccountsPath, "", headers...); got.status != c.want || !strings.Contains(got.text, c.says) {
			t.Errorf("%s: %d %s, want %d", c.name, got.status, got.text, c.want)
		}
	}
}
