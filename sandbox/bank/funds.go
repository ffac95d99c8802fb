package bank

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// funds are the consents to be told whether an account has enough money. As nobody is here who could authorise one, one
// that awaits it may be used.
type funds struct {
	books *books

	mu       sync.Mutex
	consents kept[fundsConsent]
}

type fundsConsent struct {
	ConsentID string          `json:"ConsentId"`
	Created   time.Time       `json:"CreationDateTime"`
	Status    string          `json:"Status"`
	Updated   time.Time       `json:"StatusUpdateDateTime"`
	Expires   string          `json:"ExpirationDateTime,omitempty"`
	Debtor    json.RawMessage `json:"DebtorAccount"`
}

type confirmation struct {
	ID        string    `json:"FundsConfirmationId"`
	ConsentID string    `json:"ConsentId"`
	Created   time.Time `json:"CreationDateTime"`
	Available bool      `json:"FundsAvailable"`
	Reference string    `json:"Reference"`
	Amount    amount    `json:"InstructedAmount"`
}

// fundsConsentShape is OBFundsConfirmationConsent1.
func fundsConsentShape() shape {
	return shape{"Data": must(object(shape{
		"DebtorAccount":      must(accountShape(upTo("350"))),
		"ExpirationDateTime": pattern(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)`),
	}))}
}

// confirmationShape is OBFundsConfirmation1.
func confirmationShape() shape {
	return shape{"Data": must(object(shape{
		"ConsentId": must(upTo("128")), "Reference": must(upTo("35")), "InstructedAmount": must(amountShape()),
	}))}
}

func (f *funds) createConsent(r *http.Request) answer {
	var asked struct{ Data fundsConsent }
	if _, refused := fundsConsentShape().read(r, &asked); refused.status != 0 {
		return refused
	}
	consent := asked.Data
	if expired(consent.Expires) {
		return refuse(http.StatusBadRequest, fault{Code: fieldInvalidDate, Message: "want a time to come", Path: "Data.ExpirationDateTime"})
	}
	if _, ok := f.books.balance(consent.debtor()); !ok {
		return refuse(http.StatusBadRequest, fault{Code: unknownAccount, Message: "want an account of " + AccountsPath, Path: "Data.DebtorAccount"})
	}
	consent.ConsentID, consent.Status, consent.Created = newID(), awaiting, now()
	consent.Updated = consent.Created
	f.mu.Lock()
	defer f.mu.Unlock()
	f.consents.put(consent.ConsentID, consent)
	return consent.show(http.StatusCreated)
}

func (f *funds) readConsent(r *http.Request) answer {
	consent, ok := f.consent(r.PathValue("ConsentId"))
	if !ok {
		return unknown("consent")
	}
	return consent.show(http.StatusOK)
}

func (f *funds) deleteConsent(r *http.Request) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.consents.drop(r.PathValue("ConsentId")) {
		return unknown("consent")
	}
	return answer{status: http.StatusNoContent}
}

// confirm says yes or no, and no more: not how much there is.
func (f *funds) confirm(r *http.Request) answer {
	var asked struct{ Data confirmation }
	if _, refused := confirmationShape().read(r, &asked); refused.status != 0 {
		return refused
	}
	said := asked.Data
	consent, ok := f.consent(said.ConsentID)
	switch {
	case !ok:
		return refuse(http.StatusBadRequest, fault{Code: notFound, Message: "there is no consent with this id", Path: "Data.ConsentId"})
	case expired(consent.Expires):
		return refuse(http.StatusBadRequest, fault{Code: consentStatus, Message: "the consent has expired", Path: "Data.ConsentId"})
	}
	left, _ := f.books.balance(consent.debtor()) // the consent has an account
	said.ID, said.Created, said.Available = newID(), now(), left.covers(said.Amount)
	return one(http.StatusCreated, FundsConfirmationsPath+"/"+said.ID, said, nil)
}

func (f *funds) consent(id string) (fundsConsent, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.consents.get(id)
}

func (c *fundsConsent) show(status int) answer {
	return one(status, FundsConsentsPath+"/"+c.ConsentID, c, nil)
}

func (c *fundsConsent) debtor() (a account) {
	_ = json.Unmarshal(c.Debtor, &a) // it has its shape
	return a
}

// expired says whether a time, if there is one, is not to come.
func expired(text string) bool {
	at, ok := dateTime(text)
	return text != "" && (!ok || !at.After(time.Now()))
}
