package decision

import "github.com/google/uuid"

// InteractionHeader carries the id by which a client names a request of its own to the bank (FAPI 1.0 Part 1, section
// 6.2.1).
const InteractionHeader = "x-fapi-interaction-id"

// SentID returns the one value that a request has for an id if it is a UUID of 36 characters, else "": "set the response
// header x-fapi-interaction-id to the value received ... or to a RFC4122 UUID value if the request header was not
// provided" (FAPI 1.0 Part 1, section 6.2.1). Nothing else that a client sends gets into a log or a header.
func SentID(values []string) string {
	if len(values) != 1 || len(values[0]) != 36 || uuid.Validate(values[0]) != nil {
		return ""
	}
	return values[0]
}
