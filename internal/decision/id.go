package decision

import "github.com/google/uuid"

// InteractionHeader carries a client's id for a request (FAPI 1.0 Part 1, section 6.2.1).
const InteractionHeader = "x-fapi-interaction-id"

// SentID returns the value of an id header if it is a single UUID of 36 characters, otherwise "": "set the response
// header x-fapi-interaction-id to the value received ... or to a RFC4122 UUID value if the request header was not
// provided" (FAPI 1.0 Part 1, section 6.2.1). Nothing else that a client sends gets into a log or a header.
func SentID(values []string) string {
	if len(values) != 1 || len(values[0]) != 36 || uuid.Validate(values[0]) != nil {
		return ""
	}
	return values[0]
}
