package conform

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/dcr-gateway/dcr-gateway/internal/dcrclient"
)

// spoils are what can become of a compact JWS after it has been signed.
var spoils = map[string]func(compact string) string{
	"changed_payload":   changePayload,
	"changed_signature": changeSignature,
	"no_signature":      func(compact string) string { return compact[:strings.LastIndex(compact, ".")+1] },
	"two_parts":         func(compact string) string { return compact[:strings.LastIndex(compact, ".")] },
	"five_parts":        func(compact string) string { return compact + ".AAAA.AAAA" },
	"trailing_newline":  func(compact string) string { return compact + "\n" },
	"padding":           func(compact string) string { return compact + "=" },
	"not_base64url":     func(compact string) string { return strings.Replace(compact, ".", "!.", 1) },
	"json_form":         jsonForm,
}

// changePayload adds a claim that was not signed.
func changePayload(compact string) string {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return compact + "."
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || len(payload) < 2 {
		return compact + "."
	}
	parts[1] = dcrclient.Encode(append(payload[:len(payload)-1], `,"changed":true}`...))
	return strings.Join(parts, ".")
}

// changeSignature changes a character in the middle of the last part, so that every bit of it counts.
func changeSignature(compact string) string {
	at := (strings.LastIndex(compact, ".") + len(compact)) / 2
	other := "A"
	if compact[at:at+1] == other {
		other = "B"
	}
	return compact[:at] + other + compact[at+1:]
}

// jsonForm writes the Flattened JWS JSON Serialization (RFC 7515, section 7.2.2), which no profile has.
func jsonForm(compact string) string {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return compact + "."
	}
	text, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	if err != nil { // three texts are always JSON
		return compact + "."
	}
	return string(text)
}
