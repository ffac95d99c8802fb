package bank

import (
	"encoding/json"
	"testing"
)

func TestTheSampleIsWhole(t *testing.T) {
	b := readBooks()
	if len(b.held) != 2 || len(b.left) != 2 || len(b.moved) != 3 {
		t.Fatalf("%d accounts, %d balances, %d transactions", len(b.held), len(b.left), len(b.moved))
	}
	for _, e := range b.held {
		if left, ok := b.balance(e.Account[0]); !ok || !left.covers(amount{"0.01", "GBP"}) {
			t.Errorf("account %s has %v", e.AccountID, left)
		}
	}
	for _, e := range b.moved {
		if _, ok := dateTime(e.Booked); !ok || !json.Valid(e.whole) {
			t.Errorf("transaction of %q was booked at %q", e.AccountID, e.Booked)
		}
	}
}

func TestAccounts(t *testing.T) {
	bank := Handler()
	for _, c := range []struct {
		name, path                     string
		accounts, balances, transcript int
	}{
		{"all", AccountsPath, 2, 0, 0},
		{"one", AccountsPath + "/31820", 1, 0, 0},
		{"balances", AccountsPath + "/22289/balances", 0, 1, 0},
		{"transactions", AccountsPath + "/22289/transactions", 0, 0, 2},
		{"from", AccountsPath + "/22289/transactions?fromBookingDateTime=2026-01-20T08:00:00", 0, 0, 1},
		{"to", AccountsPath + "/22289/transactions?toBookingDateTime=2026-01-05T10:43:06Z", 0, 0, 0},
		{"from and to", AccountsPath + "/22289/transactions?fromBookingDateTime=2026-01-01T00:00:00&toBookingDateTime=2026-01-31T00:00:00", 0, 0, 2},
	} {
		got := ask(t, bank, "GET", c.path, "")
		data := got.said.Data
		if got.status != 200 || len(data.Account) != c.accounts || len(data.Balance) != c.balances || len(data.Transaction) != c.transcript {
			t.Errorf("%s: %d %s", c.name, got.status, got.text)
		}
		if got.said.Links.Self != c.path {
			t.Errorf("%s: it is at %s", c.name, got.said.Links.Self)
		}
	}
}

func TestAccountsRefuse(t *testing.T) {
	bank := Handler()
	for path, code := range map[string]string{
		"/1":              "Resource.NotFound",
		"/1/balances":     "Resource.NotFound",
		"/1/transactions": "Resource.NotFound",
		"/22289/transactions?toBookingDateTime=yesterday": "Field.InvalidDate toBookingDateTime",
	} {
		ask(t, bank, "GET", AccountsPath+path, "").refused(t, 400, code)
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		name       string
		have, want amount
		covers     bool
	}{
		{"more", amount{"10.00", "GBP"}, amount{"9.99", "GBP"}, true},
		{"as much", amount{"10.00", "GBP"}, amount{"10.0", "GBP"}, true},
		{"longer is not more", amount{"9.00", "GBP"}, amount{"10.00", "GBP"}, false},
		{"another currency", amount{"10.00", "GBP"}, amount{"1.00", "EUR"}, false},
		{"nothing", amount{}, amount{"1.00", ""}, false},
	} {
		if c.have.covers(c.want) != c.covers {
			t.Errorf("%s: %v", c.name, !c.covers)
		}
	}
}
