package bank

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// payments are the bank's payments and the consents to them. Nobody is here who could authorise a consent, so that one
// that awaits it may be used, once; nothing is ever paid.
type payments struct {
	mu       sync.Mutex
	repeats  repeats
	consents kept[paymentConsent]
	orders   kept[payment]
}

type paymentConsent struct {
	ConsentID  string          `json:"ConsentId"`
	Created    time.Time       `json:"CreationDateTime"`
	Status     string          `json:"Status"`
	Updated    time.Time       `json:"StatusUpdateDateTime"`
	Refund     string          `json:"ReadRefundAccount,omitempty"`
	Initiation json.RawMessage `json:"Initiation"`
	Authority  json.RawMessage `json:"Authorisation,omitempty"`
	SCA        json.RawMessage `json:"SCASupportData,omitempty"`

	risk json.RawMessage
}

type payment struct {
	PaymentID  string          `json:"DomesticPaymentId"`
	ConsentID  string          `json:"ConsentId"`
	Created    time.Time       `json:"CreationDateTime"`
	Status     string          `json:"Status"`
	Updated    time.Time       `json:"StatusUpdateDateTime"`
	Initiation json.RawMessage `json:"Initiation"`
}

// What becomes of a consent and of a payment.
const (
	awaiting  = "AwaitingAuthorisation"
	consumed  = "Consumed"
	inProcess = "AcceptedSettlementInProcess"
)

// initiationShape is OBDomestic2.
func initiationShape() member {
	return must(object(shape{
		"InstructionIdentification": must(upTo("35")),
		"EndToEndIdentification":    must(upTo("35")),
		"LocalInstrument":           upTo("50"),
		"InstructedAmount":          must(amountShape()),
		"DebtorAccount":             accountShape(upTo("350")),
		"CreditorAccount":           must(accountShape(must(upTo("350")))),
		"CreditorPostalAddress":     member{},
		"RemittanceInformation":     object(shape{"Unstructured": upTo("140"), "Reference": upTo("35")}),
		"SupplementaryData":         member{},
	}))
}

// consentShape is OBWriteDomesticConsent4.
func consentShape() shape {
	return shape{
		"Data": must(object(shape{
			"ReadRefundAccount": oneOf("Yes", "No"),
			"Initiation":        initiationShape(),
			"Authorisation":     member{},
			"SCASupportData":    member{},
		})),
		"Risk": must(member{}),
	}
}

// paymentShape is OBWriteDomestic2.
func paymentShape() shape {
	return shape{
		"Data": must(object(shape{"ConsentId": must(upTo("128")), "Initiation": initiationShape()})),
		"Risk": must(member{}),
	}
}

func (p *payments) createConsent(r *http.Request) answer {
	var asked struct {
		Data paymentConsent
		Risk json.RawMessage
	}
	return p.create(r, consentShape(), &asked, func() (string, answer) {
		consent := asked.Data
		consent.ConsentID, consent.risk, consent.Status = newID(), asked.Risk, awaiting
		consent.Created = now()
		consent.Updated = consent.Created
		p.consents.put(consent.ConsentID, consent)
		return consent.ConsentID, answer{}
	}, p.consent)
}

// pay takes a payment: "The Initiation section of the domestic-payment must match the Initiation section of the
// corresponding domestic-payment-consent resource", and so must Risk (Domestic Payments, Data Model).
func (p *payments) pay(r *http.Request) answer {
	var asked struct {
		Data payment
		Risk json.RawMessage
	}
	return p.create(r, paymentShape(), &asked, func() (string, answer) {
		consent, ok := p.consents.get(asked.Data.ConsentID)
		switch {
		case !ok:
			return "", refuse(http.StatusBadRequest, fault{Code: notFound, Message: "there is no consent with this id", Path: "Data.ConsentId"})
		case consent.Status != awaiting:
			return "", refuse(http.StatusBadRequest, fault{Code: consentStatus, Message: "the consent is used up", Path: "Data.ConsentId"})
		case !same(consent.Initiation, asked.Data.Initiation):
			return "", refuse(http.StatusBadRequest, fault{Code: consentMismatch, Message: "is not that of the consent", Path: "Data.Initiation"})
		case !same(consent.risk, asked.Risk):
			return "", refuse(http.StatusBadRequest, fault{Code: consentMismatch, Message: "is not that of the consent", Path: "Risk"})
		}
		order := asked.Data
		order.PaymentID, order.Status, order.Created = newID(), inProcess, now()
		order.Updated = order.Created
		p.orders.put(order.PaymentID, order)
		consent.Status, consent.Updated = consumed, order.Created
		p.consents.put(consent.ConsentID, consent)
		return order.PaymentID, answer{}
	}, p.order)
}

// create reads a body into asked, creates something once, and shows what there is of it now.
func (p *payments) create(r *http.Request, want shape, asked any, create func() (string, answer), show func(status int, id string) answer) answer {
	body, refused := want.read(r, asked)
	if refused.status != 0 {
		return refused
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	id, refused := p.repeats.once(r, body, create)
	if refused.status != 0 {
		return refused
	}
	return show(http.StatusCreated, id)
}

func (p *payments) readConsent(r *http.Request) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.consent(http.StatusOK, r.PathValue("ConsentId"))
}

func (p *payments) readPayment(r *http.Request) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.order(http.StatusOK, r.PathValue("DomesticPaymentId"))
}

func (p *payments) consent(status int, id string) answer {
	consent, ok := p.consents.get(id)
	if !ok {
		return unknown("consent")
	}
	return one(status, PaymentConsentsPath+"/"+id, consent, consent.risk)
}

func (p *payments) order(status int, id string) answer {
	order, ok := p.orders.get(id)
	if !ok {
		return unknown("payment")
	}
	return one(status, PaymentsPath+"/"+id, order, nil)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Second) }
