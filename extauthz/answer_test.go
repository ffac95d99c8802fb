package extauthz

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// answer is a CheckResponse, read.
type answer struct {
	allowed  bool
	failed   bool // as Envoy counts it
	status   int
	header   http.Header
	rule     string
	body     string
	decision string
	client   string // that rate plans count by
}

// verdict is "200", or status and rule.
func (a answer) verdict() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, a.rule)) }

// check asks the gate.
func (w *world) check(a ask) answer {
	w.t.Helper()
	return checkGate(w.t, w.gate, a.request())
}

// want asks the gate and compares the verdict.
func (w *world) want(t testing.TB, a ask, verdict string) answer {
	t.Helper()
	got := checkGate(t, w.gate, a.request())
	if got.verdict() != verdict {
		t.Errorf("got %q, want %q: %s", got.verdict(), verdict, got.body)
	}
	return got
}

func checkGate(t testing.TB, gate *Gate, check *authv3.CheckRequest) answer {
	t.Helper()
	response, err := gate.Check(t.Context(), check)
	if err != nil {
		t.Fatalf("the gate answered with an error, which Envoy makes a 503: %v", err)
	}
	return readResponse(t, response)
}

// readResponse reads a response of the gate, and checks what each must be: Envoy takes whatever is not said for yes.
func readResponse(t testing.TB, response *authv3.CheckResponse) answer {
	t.Helper()
	if response.GetStatus() == nil || response.GetHttpResponse() == nil {
		t.Fatalf("no status or no HTTP response: %v", response)
	}
	got := answer{status: http.StatusOK, header: http.Header{}}
	var headers []*corev3.HeaderValueOption
	switch kind := response.GetHttpResponse().(type) {
	case *authv3.CheckResponse_OkResponse:
		got.allowed, headers = true, kind.OkResponse.GetHeaders()
	case *authv3.CheckResponse_DeniedResponse:
		got.denied(kind.DeniedResponse)
		headers = kind.DeniedResponse.GetHeaders()
	case *authv3.CheckResponse_ErrorResponse:
		got.failed = true
		got.denied(kind.ErrorResponse)
		headers = kind.ErrorResponse.GetHeaders()
	}
	if code := codes.Code(response.GetStatus().GetCode()); (code == codes.OK) != got.allowed {
		t.Fatalf("status %s of %v", code, response)
	}
	if got.allowed == (got.status >= 400) || got.failed != (got.status >= 500) {
		t.Fatalf("HTTP status %d, allowed %v, failed %v", got.status, got.allowed, got.failed)
	}
	for _, option := range headers {
		name, value := option.GetHeader().GetKey(), option.GetHeader().GetValue()
		if option.GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			t.Errorf("%s is not overwritten", name)
		}
		if name != strings.ToLower(name) || value == "" || len(option.GetHeader().GetRawValue()) > 0 || got.header.Get(name) != "" {
			t.Errorf("the header %s: %q", name, value)
		}
		got.header.Set(name, value)
	}
	got.decision = response.GetDynamicMetadata().GetFields()[routes.MetadataDecision].GetStringValue()
	got.client = response.GetDynamicMetadata().GetFields()[routes.MetadataClient].GetStringValue()
	if _, there := response.GetDynamicMetadata().GetFields()[routes.MetadataClient]; there != (got.client != "") {
		t.Error("the metadata name an empty client, which a rate plan would count as one")
	}
	if decision.SentID([]string{got.decision}) == "" || decision.SentID(got.header.Values(decision.InteractionHeader)) == "" {
		t.Errorf("decision %q, interaction %q: both must be UUIDs", got.decision, got.header.Get(decision.InteractionHeader))
	}
	got.readBody(t)
	return got
}

func (a *answer) denied(response *authv3.DeniedHttpResponse) {
	a.status, a.body = int(response.GetStatus().GetCode()), response.GetBody()
}

func (a *answer) readBody(t testing.TB) {
	t.Helper()
	if a.allowed {
		return
	}
	var body struct {
		Error, Description string
		Details            []struct{ Rule string } `json:"error_details"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Error == "" || len(body.Details) != 1 {
		t.Errorf("the body is not an error object with one rule: %s", a.body)
		return
	}
	a.rule = body.Details[0].Rule
	if a.header.Get("Content-Type") != "application/json" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers of a refusal: %v", a.header)
	}
}
