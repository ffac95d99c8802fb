package decision_test

import (
	"testing"

	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

func TestSentID(t *testing.T) {
	const id = "93bac548-d2de-4546-b106-880a5018460d"
	for _, test := range []struct {
		values []string
		want   string
	}{
		{[]string{id}, id},
		{[]string{"93BAC548-D2DE-4546-B106-880A5018460D"}, "93BAC548-D2DE-4546-B106-880A5018460D"},
		{nil, ""},
		{[]string{""}, ""},
		{[]string{id, id}, ""},
		{[]string{"{" + id + "}"}, ""},
		{[]string{"urn:uuid:" + id}, ""},
		{[]string{"93bac548d2de4546b106880a5018460d"}, ""},
		{[]string{"93bac548-d2de-4546-b106-880a5018460"}, ""},
		{[]string{"93bac548xd2de-4546-b106-880a5018460d"}, ""},
		{[]string{"93bac548-d2de-4546-b106-880a5018460\n"}, ""},
		{[]string{"93bac548-d2de-4546-b106-880a5018460g"}, ""},
		{[]string{"93bac548-d2de-4546-b106--80a5018460d"}, ""},
	} {
		if got := decision.SentID(test.values); got != test.want {
			t.Errorf("%q: got %q, want %q", test.values, got, test.want)
		}
	}
}
