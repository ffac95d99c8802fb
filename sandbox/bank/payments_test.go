package bank

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

const (
	initiation = `{"InstructionIdentification":"ACME412","EndToEndIdentification":"FRESCO.21302.GFX.20",` +
		`"InstructedAmount":{"Amount":"165.88","Currency":"GBP"},` +
		`"CreditorAccount":{"SchemeName":"UK.OBIE.SortCodeAccountNumber","Identification":"08080021325698","Name":"ACME Inc"},` +
		`"RemittanceInformation":{"Reference":"FRESCO-101","Unstructured":"Internal ops code 5120101"}}`
	risk        = `{"PaymentContextCode":"EcommerceGoods","DeliveryAddress":{"TownName":"Derbyshire","Country":"UK"}}`
	consentBody = `{"Data":{"ReadRefundAccount":"No","Initiation":` + initiation + `},"Risk":` + risk + `}`
)

func paymentBody(consent, initiation, risk string) string {
	return `{"Data":{"ConsentId":"` + consent + `","Initiation":` + initiation + `},"Risk":` + risk + `}`
}

// consented makes a consent, with a key of its own.
func consented(t *testing.T, bank http.Handler, key string) string {
	t.Helper()
	got := ask(t, bank, "POST", PaymentConsentsPath, consentBody, idempotencyHeader, key)
	if got.status != 201 || got.said.Data.Status != "AwaitingAuthorisation" || got.said.Data.ConsentId == "" {
		t.Fatalf("%d %s", got.status, got.text)
	}
	return got.said.Data.ConsentId
}

func TestAPayment(t *testing.T) {
	bank := Handler()
	id := consented(t, bank, "c")
	self := ask(t, bank, "GET", PaymentConsentsPath+"/"+id, "")
	if self.status != 200 || self.said.Links.Self != PaymentConsentsPath+"/"+id || !strings.Contains(self.text, `"Risk":`+risk) {
		t.Errorf("%d %s", self.status, self.text)
	}

	reordered := strings.Replace(initiation, `"InstructionIdentification":"ACME412","EndToEndIdentification":"FRESCO.21302.GFX.20",`,
		`"EndToEndIdentification":"FRESCO.21302.GFX.20", "InstructionIdentification":"ACME412",`, 1)
	paid := ask(t, bank, "POST", PaymentsPath, paymentBody(id, reordered, risk), idempotencyHeader, "p")
	order := paid.said.Data.DomesticPaymentId
	if paid.status != 201 || paid.said.Data.Status != "AcceptedSettlementInProcess" || order == "" {
		t.Fatalf("%d %s", paid.status, paid.text)
	}
	if read := ask(t, bank, "GET", PaymentsPath+"/"+order, ""); read.status != 200 || read.said.Data.ConsentId != id {
		t.Errorf("%d %s", read.status, read.text)
	}
	if after := ask(t, bank, "GET", PaymentConsentsPath+"/"+id, ""); after.said.Data.Status != "Consumed" {
		t.Errorf("the consent is %s", after.said.Data.Status)
	}
	ask(t, bank, "POST", PaymentsPath, paymentBody(id, initiation, risk), idempotencyHeader, "another").
		refused(t, 400, "Resource.InvalidConsentStatus Data.ConsentId")
}

func TestAKeyCreatesOnce(t *testing.T) {
	bank := Handler()
	id := consented(t, bank, "k")
	if again := consented(t, bank, "k"); again != id {
		t.Error("one key has made two consents")
	}
	if other := consented(t, bank, "l"); other == id {
		t.Error("two keys have made one consent")
	}
	body := paymentBody(id, initiation, risk)
	first := ask(t, bank, "POST", PaymentsPath, body, idempotencyHeader, "k")
	if again := ask(t, bank, "POST", PaymentsPath, body, idempotencyHeader, "k"); again.status != 201 || again.text != first.text {
		t.Errorf("%d %s, want %s", again.status, again.text, first.text)
	}
	// "the current status of the resource": the consent has been used since.
	now := ask(t, bank, "POST", PaymentConsentsPath, consentBody, idempotencyHeader, "k")
	if now.status != 201 || now.said.Data.Status != "Consumed" {
		t.Errorf("%d %s", now.status, now.text)
	}
	ask(t, bank, "POST", PaymentConsentsPath, strings.Replace(consentBody, "165.88", "1.00", 1), idempotencyHeader, "k").
		refused(t, 400, "Header.Invalid x-idempotency-key")
}

func TestARefusedRequestLeavesItsKey(t *testing.T) {
	bank := Handler()
	ask(t, bank, "POST", PaymentsPath, paymentBody("nothing", initiation, risk), idempotencyHeader, "k").
		refused(t, 400, "Resource.NotFound Data.ConsentId")
	id := consented(t, bank, "c")
	if got := ask(t, bank, "POST", PaymentsPath, paymentBody(id, initiation, risk), idempotencyHeader, "k"); got.status != 201 {
		t.Errorf("%d %s", got.status, got.text)
	}
}

func TestManyAtOnceCreateOne(t *testing.T) {
	bank := Handler()
	id := consented(t, bank, "c")
	var together sync.WaitGroup
	ids := make([]string, 16)
	for i := range ids {
		together.Go(func() {
			ids[i] = ask(t, bank, "POST", PaymentsPath, paymentBody(id, initiation, risk), idempotencyHeader, "k").said.Data.DomesticPaymentId
		})
	}
	together.Wait()
	for _, order := range ids {
		if order == "" || order != ids[0] {
			t.Fatalf("have %v", ids)
		}
	}
}

func TestPaymentsRefuse(t *testing.T) {
	bank := Handler()
	id := consented(t, bank, "c")
	ours := paymentBody(id, initiation, risk)
	swap := func(body, from, to string) string { return strings.Replace(body, from, to, 1) }
	for _, c := range []struct {
		name, path, body string
		headers          []string
		status           int
		codes            string
	}{
		{"no key", PaymentConsentsPath, consentBody, []string{idempotencyHeader, ""}, 400, "Header.Missing x-idempotency-key"},
		{"a long key", PaymentConsentsPath, consentBody, []string{idempotencyHeader, strings.Repeat("k", 41)}, 400, "Header.Invalid x-idempotency-key"},
		{"a form", PaymentConsentsPath, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "Header.Invalid Content-Type"},
		{"no media type", PaymentConsentsPath, consentBody, []string{"Content-Type", ""}, 415, "Header.Invalid Content-Type"},
		{"another charset", PaymentConsentsPath, consentBody, []string{"Content-Type", "application/json; charset=latin1"}, 415, "Header.Invalid Content-Type"},
		{"too large", PaymentConsentsPath, consentBody + strings.Repeat(" ", maxBody), nil, 413, "Sandbox.TooLarge"},
		{"no JSON", PaymentConsentsPath, "{", nil, 400, "Resource.InvalidFormat"},
		{"two documents", PaymentConsentsPath, consentBody + "{}", nil, 400, "Resource.InvalidFormat"},
		{"a member twice", PaymentConsentsPath, swap(consentBody, `"Risk"`, `"Data":{},"Risk"`), nil, 400, "Resource.InvalidFormat"},
		{"another case", PaymentConsentsPath, swap(consentBody, `"Risk"`, `"risk"`), nil, 400, "Field.Unexpected risk, Field.Missing Risk"},
		{"everything is missing", PaymentConsentsPath, `{"Data":{"Initiation":{}}}`, nil, 400, "Field.Missing Data.Initiation.CreditorAccount, " +
			"Field.Missing Data.Initiation.EndToEndIdentification, Field.Missing Data.Initiation.InstructedAmount, " +
			"Field.Missing Data.Initiation.InstructionIdentification, Field.Missing Risk"},
		{"an amount without pence", PaymentConsentsPath, swap(consentBody, "165.88", "165"), nil, 400, "Field.Invalid Data.Initiation.InstructedAmount.Amount"},
		{"a number", PaymentConsentsPath, swap(consentBody, `"165.88"`, `165.88`), nil, 400, "Field.Invalid Data.Initiation.InstructedAmount.Amount"},
		{"a text for an object", PaymentConsentsPath, swap(consentBody, risk, `"none"`), nil, 400, "Field.Invalid Risk"},
		{"a consent chooses its id", PaymentConsentsPath, swap(consentBody, `"ReadRefundAccount":"No"`, `"ConsentId":"1"`), nil, 400, "Field.Unexpected Data.ConsentId"},
		{"another amount", PaymentsPath, swap(ours, "165.88", "165.89"), nil, 400, "Resource.ConsentMismatch Data.Initiation"},
		{"another risk", PaymentsPath, paymentBody(id, initiation, "{}"), nil, 400, "Resource.ConsentMismatch Risk"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask(t, bank, "POST", c.path, c.body, append([]string{idempotencyHeader, "k"}, c.headers...)...).refused(t, c.status, c.codes)
		})
	}
	for _, path := range []string{PaymentsPath + "/1", PaymentConsentsPath + "/1"} {
		ask(t, bank, "GET", path, "").refused(t, 400, "Resource.NotFound")
	}
}
