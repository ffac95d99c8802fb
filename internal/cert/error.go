package cert

// Error says why a certificate was refused. What a client is answered, the catalogue of refusals has under Rule.
type Error struct {
	Rule    string // id of the refusal: "certificate.key_usage"
	Because string // what is wrong, for the log: printable ASCII without quotes, no input in it
}

// Error joins the check's id and the sentence.
func (e *Error) Error() string { return e.Rule + ": " + e.Because }

func refuse(rule, because string) error {
	return &Error{Rule: rule, Because: because}
}
