package bank

import (
	"testing"
	"time"
)

const debtor = `"DebtorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"80200110203345","Name":"Sandbox Customer"}`

func confirmBody(consent, amount string) string {
	return `{"Data":{"ConsentId":"` + consent + `","Reference":"Purchase02","InstructedAmount":{"Amount":"` + amount + `","Currency":"GBP"}}}`
}

func TestFundsConfirmation(t *testing.T) {
	bank := Handler()
	made := ask(t, bank, "POST", FundsConsentsPath, `{"Data":{"ExpirationDateTime":"2099-05-02T00:00:00+00:00",`+debtor+`}}`)
	id := made.said.Data.ConsentId
	if made.status != 201 || made.said.Data.Status != "AwaitingAuthorisation" || id == "" {
		t.Fatalf("%d %s", made.status, made.text)
	}
	self := FundsConsentsPath + "/" + id
	if read := ask(t, bank, "GET", self, ""); read.status != 200 || read.text != made.text || read.said.Links.Self != self {
		t.Errorf("%d %s", read.status, read.text)
	}
	for amount, want := range map[string]bool{"1230.00": true, "1230.01": false} {
		got := ask(t, bank, "POST", FundsConfirmationsPath, confirmBody(id, amount))
		if got.status != 201 || got.said.Data.FundsAvailable != want || got.said.Data.FundsConfirmationId == "" {
			t.Errorf("%s: %d %s", amount, got.status, got.text)
		}
	}
	if gone := ask(t, bank, "DELETE", self, ""); gone.status != 204 || gone.text != "" || gone.header.Get("X-Bank-Received") != "" {
		t.Errorf("%d %s", gone.status, gone.text)
	}
	ask(t, bank, "DELETE", self, "").refused(t, 400, "Resource.NotFound")
	ask(t, bank, "GET", self, "").refused(t, 400, "Resource.NotFound")
	ask(t, bank, "POST", FundsConfirmationsPath, confirmBody(id, "1.00")).refused(t, 400, "Resource.NotFound Data.ConsentId")
}

func TestFundsRefuse(t *testing.T) {
	bank := Handler()
	for _, c := range []struct{ name, body, codes string }{
		{"no account", `{"Data":{}}`, "Field.Missing Data.DebtorAccount"},
		{"no account of the bank", `{"Data":{"DebtorAccount":{"SchemeName":"UK.OBIE.IBAN","Identification":"GB1"}}}`, "Unsupported.AccountIdentifier Data.DebtorAccount"},
		{"expired", `{"Data":{"ExpirationDateTime":"2020-01-01T00:00:00Z",` + debtor + `}}`, "Field.InvalidDate Data.ExpirationDateTime"},
		{"no such day", `{"Data":{"ExpirationDateTime":"2099-02-30T00:00:00Z",` + debtor + `}}`, "Field.InvalidDate Data.ExpirationDateTime"},
		{"no date", `{"Data":{"ExpirationDateTime":"never",` + debtor + `}}`, "Field.Invalid Data.ExpirationDateTime"},
	} {
		t.Run(c.name, func(t *testing.T) { ask(t, bank, "POST", FundsConsentsPath, c.body).refused(t, 400, c.codes) })
	}
	ask(t, bank, "POST", FundsConfirmationsPath, `{"Data":{"ConsentId":"1"}}`).
		refused(t, 400, "Field.Missing Data.InstructedAmount, Field.Missing Data.Reference")
}

func TestAConsentExpires(t *testing.T) {
	f := &funds{books: readBooks()}
	f.consents.put("old", fundsConsent{ConsentID: "old", Expires: time.Now().Add(-time.Second).Format(time.RFC3339)})
	ask(t, resource{"POST": f.confirm}, "POST", FundsConfirmationsPath, confirmBody("old", "1.00")).
		refused(t, 400, "Resource.InvalidConsentStatus Data.ConsentId")
}
