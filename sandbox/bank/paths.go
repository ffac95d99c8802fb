package bank

// What the bank serves, as patterns that both this server and routes.yaml read: a segment {Name} is any one segment.
const (
	AccountsPath     = "/open-banking/v3.1/aisp/accounts"
	AccountPath      = AccountsPath + "/{AccountId}"
	BalancesPath     = AccountPath + "/balances"
	TransactionsPath = AccountPath + "/transactions"

	PaymentConsentsPath = "/open-banking/v3.1/pisp/domestic-payment-consents"
	PaymentConsentPath  = PaymentConsentsPath + "/{ConsentId}"
	PaymentsPath        = "/open-banking/v3.1/pisp/domestic-payments"
	PaymentPath         = PaymentsPath + "/{DomesticPaymentId}"

	FundsConsentsPath      = "/open-banking/v3.1/cbpii/funds-confirmation-consents"
	FundsConsentPath       = FundsConsentsPath + "/{ConsentId}"
	FundsConfirmationsPath = "/open-banking/v3.1/cbpii/funds-confirmations"

	// RecipientAccountsPath is Get Accounts of the Consumer Data Standards.
	RecipientAccountsPath = "/cds-au/v1/banking/accounts"

	// SampleAccount is the AccountId of an account that the bank has.
	SampleAccount = "22289"

	// EchoPath answers with the request as the bank got it. No route of the sandbox leads there: add one to see what
	// its checks, facts and headers come to.
	EchoPath = "/echo"

	// HealthPath answers 200 as long as the bank serves.
	HealthPath = "/health"
)
