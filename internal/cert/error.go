package cert

// Error says why a certificate was refused. All its texts are this package's own, so the client may see them.
type Error struct {
	Rule    string // id of the check: "certificate.key_usage"
	Because string // what is wrong, as a sentence to follow "400": printable ASCII without quotes, no input in it
	Clause  string // of the standard that has the rule
}

// Error joins the check's id and the sentence.
func (e *Error) Error() string { return e.Rule + ": " + e.Because }

func refuse(rule, because string) error {
	return &Error{Rule: rule, Because: because, Clause: clauses[rule]}
}

// clauses are where each rule is from.
var clauses = map[string]string{
	"certificate.pem":                 "RFC 7468, section 5.1",
	"certificate.form":                "RFC 5280, section 4.1",
	"certificate.ca":                  "RFC 5280, section 4.2.1.9",
	"certificate.key_usage":           "RFC 5280, section 4.2.1.3",
	"certificate.ext_key_usage":       "RFC 5280, section 4.2.1.12",
	"certificate.signature_algorithm": "RFC 8446, section 4.4.2.4",
	"certificate.key":                 "FAPI 1.0 Part 1, section 5.2.2",
	"certificate.subject":             "RFC 5280, section 4.1.2.6",
	"certificate.qc_statements":       "ETSI TS 119 495, section 5.1",
	"certificate.issuer":              "RFC 5280, section 6.1",
	"certificate.chain":               "RFC 5280, section 6.1",
	"certificate.not_before":          "RFC 5280, section 4.1.2.5",
	"certificate.not_after":           "RFC 5280, section 4.1.2.5",
}
