package demo

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// withRole gives a software statement a role that the directory has not signed for.
func withRole(statement, role string) (string, error) {
	parts := strings.Split(statement, ".")
	if len(parts) != 3 {
		return "", errors.New("not a signed JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", err
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", err
	}
	claims["software_roles"] = []string{role}
	if payload, err = json.Marshal(claims); err != nil {
		return "", err
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(payload)
	return strings.Join(parts, "."), nil
}
