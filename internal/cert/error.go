package cert

// Error is the reason why a certificate was refused. Rule is the id of the refusal in the catalogue.
type Error struct {
	Rule    string // id of the refusal: "certificate.key_usage"
	Because string // what is wrong, for the log: printable ASCII without quotes, no input in it
}

// Error returns the rule and the sentence.
func (e *Error) Error() string { return e.Rule + ": " + e.Because }

func refuse(rule, because string) error {
	return &Error{Rule: rule, Because: because}
}
