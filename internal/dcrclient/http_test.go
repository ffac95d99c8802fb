package dcrclient

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// What is sent arrives as it is, and what comes back is read whole; no redirect is followed.
func TestSend(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
	}))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	request := NewRequest(http.MethodPut, server.URL+"/a?b=c")
	request.Bearer("t")
	request.SetBody("text/plain", []byte("x"))
	for range 2 {
		answer, err := Send(t.Context(), NewHTTP(roots, nil), request)
		if err != nil || answer.Status != http.StatusSeeOther || answer.OK() || answer.StatusText() != "303 See Other" {
			t.Fatalf("%v %v", answer, err)
		}
		if got.Method != http.MethodPut || got.RequestURI != "/a?b=c" || string(body) != "x" || got.Header.Get("Authorization") != "Bearer t" ||
			got.Header.Get("Content-Type") != "text/plain" || got.Header.Get(InteractionID) != request.Header.Get(InteractionID) {
			t.Errorf("%s %s %v %q", got.Method, got.RequestURI, got.Header, body)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Send(over, NewHTTP(roots, nil), request); err == nil {
		t.Error("an answer after the end")
	}
}

func TestRefusal(t *testing.T) {
	for body, want := range map[string][]string{
		`{"error":"a","error_description":"b","error_details":[{"rule":"c"},{"rule":"d"}]}`: {"a", "b", "c"},
		`{"error":"a"}`: {"a", "", ""}, "<html>": {"", "", ""}, `{"error":1}`: {"", "", ""},
	} {
		r := (&Answer{Body: []byte(body)}).Refusal()
		if got := []string{r.Code, r.Description, r.Rule()}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestReadDiscovery(t *testing.T) {
	for _, test := range []struct {
		name, body string
		status     int
		want       Discovery
		err        string
	}{
		{"its own endpoints", `{"issuer":"i","registration_endpoint":"r","token_endpoint":"t","token_endpoint_auth_methods_supported":["m"]}`, 200,
			Discovery{Issuer: "i", Registration: "r", Token: "t", AuthMethods: []string{"m"}}, ""},
		{"those for mTLS come first", `{"issuer":"i","registration_endpoint":"r","token_endpoint":"t","mtls_endpoint_aliases":{"token_endpoint":"u"}}`, 200,
			Discovery{Issuer: "i", Registration: "r", Token: "u"}, ""},
		{"a member of a wrong type", `{"issuer":["i"],"token_endpoint":"t"}`, 200, Discovery{Token: "t"}, ""},
		{"a refusal", `{}`, 404, Discovery{}, "status 404"},
		{"no JSON", `<html>`, 200, Discovery{}, "not a JSON object"},
	} {
		got, err := ReadDiscovery(&Answer{Status: test.status, Body: []byte(test.body)})
		if !reflect.DeepEqual(got, test.want) || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}

func TestText(t *testing.T) {
	answer := &Answer{Body: []byte(`{"client_id":"c1","n":1}`)}
	if answer.Text("client_id") != "c1" || answer.Text("n") != "" || answer.Text("x") != "" || (&Answer{}).Text("client_id") != "" {
		t.Error("an invalid text, or no text where there is one")
	}
}

func TestRoots(t *testing.T) {
	if roots, err := Roots(""); roots != nil || err != nil {
		t.Errorf("%v %v, want the system's", roots, err)
	}
	if _, err := Roots("http_test.go"); err == nil || !strings.Contains(err.Error(), "there is no certificate in") {
		t.Errorf("%v", err)
	}
}
