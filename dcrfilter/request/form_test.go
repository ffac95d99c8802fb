package request

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, body string
		want       Form
	}{
		{"plain", "grant_type=client_credentials&scope=accounts", Form{"grant_type": "client_credentials", "scope": "accounts"}},
		{"escaped", "scope=accounts%20payments&x=a+b&%73=1", Form{"scope": "accounts payments", "x": "a b", "s": "1"}},
		{"empty is omitted", "scope=&grant_type=a&bare", Form{"grant_type": "a"}},
		{"stray separators", "&a=1&&b=2&", Form{"a": "1", "b": "2"}},
		{"equals in a value", "token=a=b==", Form{"token": "a=b=="}},
		{"nothing", "", Form{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadForm(typed("application/x-www-form-urlencoded"), "", []byte(test.body))
			if got.Has("absent") || got.Value("absent") != "" {
				t.Error("has what was not sent")
			}
			if err != nil || !maps.Equal(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
			for name, value := range test.want {
				if !got.Has(name) || got.Value(name) != value {
					t.Errorf("%s is %q, want %q", name, got.Value(name), value)
				}
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	tests := []struct {
		name, contentType, query, body, want string
		status                               int
	}{
		{"json", "application/json", "", "a=1", "form.content_type", http.StatusUnsupportedMediaType},
		{"no type", "", "", "a=1", "form.content_type", http.StatusUnsupportedMediaType},
		{"two types", form + ", " + form, "", "a=1", "form.content_type", http.StatusUnsupportedMediaType},
		{"other charset", form + "; charset=utf-16", "", "a=1", "form.content_type", http.StatusUnsupportedMediaType},
		{"query", form, "a=1", "b=2", "form.query", http.StatusBadRequest},
		{"duplicate", form, "", "scope=a&scope=b", "form.duplicate", http.StatusBadRequest},
		{"duplicate, one escaped", form, "", "scope=a&%73cope=b", "form.duplicate", http.StatusBadRequest},
		{"duplicate, one empty", form, "", "scope=&scope=b", "form.duplicate", http.StatusBadRequest},
		{"bad escape", form, "", "scope=%zz", "form.encoding", http.StatusBadRequest},
		{"bad escape in a name", form, "", "%zz=1", "form.encoding", http.StatusBadRequest},
		{"no name", form, "", "=1", "form.encoding", http.StatusBadRequest},
		{"semicolon", form, "", "a=1;b=2", "form.encoding", http.StatusBadRequest},
		{"not UTF-8", form, "", "a=%ff", "form.encoding", http.StatusBadRequest},
		{"control character", form, "", "a=%00", "form.encoding", http.StatusBadRequest},
		{"too many", form, "", many(), "form.size", http.StatusBadRequest},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ReadForm(typed(test.contentType), test.query, []byte(test.body))
			refusal, ok := errors.AsType[*dcr.Error](err)
			if !ok || refusal.Rule != test.want || refusal.Status != test.status {
				t.Errorf("got %v, want %s with %d", err, test.want, test.status)
			}
		})
	}
}

func TestParseAcceptsParametersOfTheMediaType(t *testing.T) {
	for _, contentType := range []string{
		"application/x-www-form-urlencoded; charset=UTF-8",
		"Application/X-WWW-Form-URLEncoded;charset=\"utf-8\"",
		"application/x-www-form-urlencoded; charset=utf8",
		"application/x-www-form-urlencoded; charset=\"UTF8\"",
		"application/x-www-form-urlencoded; boundary=x",
	} {
		if _, err := ReadForm(typed(contentType), "", []byte("a=1")); err != nil {
			t.Errorf("%s: %v", contentType, err)
		}
	}
}

// many is a form of more parameters than any request has.
func many() string {
	var body strings.Builder
	for i := range maxParameters + 1 {
		body.WriteString("&p" + strings.Repeat("x", i) + "=1")
	}
	return body.String()
}

func typed(contentType string) http.Header { return http.Header{"Content-Type": {contentType}} }

func TestParseRefusesTwoContentTypes(t *testing.T) {
	const urlencoded = "application/x-www-form-urlencoded"
	_, err := ReadForm(http.Header{"Content-Type": {urlencoded, urlencoded}}, "", []byte("a=1"))
	if refusal, ok := errors.AsType[*dcr.Error](err); !ok || refusal.Rule != "form.content_type" {
		t.Errorf("got %v, want form.content_type", err)
	}
}
