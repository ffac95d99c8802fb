package cert

// Error says why a certificate or a name was refused. Both its texts are this package's own, so the client may see
// them.
type Error struct {
	Rule    string // id of the check: "certificate.key_usage"
	Because string // what is wrong, as a sentence to follow "400": printable ASCII without quotes, no input in it
}

// Error joins the check's id and the sentence.
func (e *Error) Error() string { return e.Rule + ": " + e.Because }

func refuse(rule, because string) error { return &Error{Rule: rule, Because: because} }
