package bank

import (
	"embed"
	"encoding/json"
	"math/big"
	"net/http"
	"time"
)

//go:embed *.json
var sample embed.FS

// books are the accounts of nobody: the same for everybody, and nothing that is paid changes them.
type books struct {
	held, left, moved []entry // accounts, balances, transactions
	seen              []entry // the accounts as data recipients see them
}

// An entry is one of the sample's objects, and what the bank itself reads in it.
type entry struct {
	whole json.RawMessage

	AccountID string `json:"AccountId"`
	Booked    string `json:"BookingDateTime"`
	Amount    amount
	Account   []account
}

type amount struct{ Amount, Currency string }

type account struct{ SchemeName, Identification string }

func readBooks() *books {
	return &books{
		held: readSample("accounts.json"), left: readSample("balances.json"), moved: readSample("transactions.json"),
		seen: readSample("cdr-accounts.json"),
	}
}

func readSample(name string) []entry {
	text, _ := sample.ReadFile(name) // an embedded file always reads
	var objects []json.RawMessage
	_ = json.Unmarshal(text, &objects) // a test reads them all
	entries := make([]entry, len(objects))
	for i, object := range objects {
		_ = json.Unmarshal(object, &entries[i])
		entries[i].whole = object
	}
	return entries
}

// wholes returns the objects of one account, or of all for "", that have what is asked for.
func wholes(entries []entry, account string, wanted func(entry) bool) []json.RawMessage {
	objects := []json.RawMessage{}
	for _, e := range entries {
		if (account == "" || e.AccountID == account) && wanted(e) {
			objects = append(objects, e.whole)
		}
	}
	return objects
}

func all(entry) bool { return true }

func (b *books) accounts(r *http.Request) answer {
	return list(r, map[string]any{"Account": wholes(b.held, "", all)})
}

func (b *books) account(r *http.Request) answer { return b.of(r, "Account", b.held, all) }

func (b *books) balances(r *http.Request) answer { return b.of(r, "Balance", b.left, all) }

// transactions takes the standard's two bounds: "filter transactions ON or AFTER", "ON or BEFORE" a time.
func (b *books) transactions(r *http.Request) answer {
	bounds := map[string]time.Time{"fromBookingDateTime": {}, "toBookingDateTime": time.Unix(1<<40, 0)}
	for name := range bounds {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		bound, ok := dateTime(text)
		if !ok {
			return refuse(http.StatusBadRequest, fault{Code: fieldInvalidDate, Message: "want an ISO 8601 time such as 2026-01-31T00:00:00", Path: name})
		}
		bounds[name] = bound
	}
	return b.of(r, "Transaction", b.moved, func(e entry) bool {
		at, _ := dateTime(e.Booked)
		return !at.Before(bounds["fromBookingDateTime"]) && !at.After(bounds["toBookingDateTime"])
	})
}

// of answers with what there is of the account that the path names.
func (b *books) of(r *http.Request, name string, entries []entry, wanted func(entry) bool) answer {
	id := r.PathValue("AccountId")
	if len(wholes(b.held, id, all)) == 0 {
		return unknown("account")
	}
	return list(r, map[string]any{name: wholes(entries, id, wanted)})
}

// balance returns what is left of an account, and whether there is that account.
func (b *books) balance(of account) (left amount, ok bool) {
	for _, e := range b.held {
		if len(e.Account) == 0 || e.Account[0] != of {
			continue
		}
		for _, balance := range b.left {
			if balance.AccountID == e.AccountID {
				return balance.Amount, true
			}
		}
	}
	return amount{}, false
}

// covers says whether an amount is at least another of the same currency.
func (a amount) covers(other amount) bool {
	have, ok := new(big.Rat).SetString(a.Amount)
	want, known := new(big.Rat).SetString(other.Amount)
	return ok && known && a.Currency == other.Currency && have.Cmp(want) >= 0
}

// dateTime reads ISODateTime; in a query a time may have no zone, and is then the bank's.
func dateTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
