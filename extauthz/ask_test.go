package extauthz

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
	"github.com/dcr-gateway/dcr-gateway/sandbox/tpp"
)

const (
	decisionID    = "11111111-2222-3333-4444-555555555555"
	interactionID = "aaaaaaaa-bbbb-CCCC-dddd-eeeeeeeeeeee"
)

// ask is what Envoy asks about.
type ask struct {
	listener, route, allow, version string
	method, path                    string
	header                          [][2]string
	body                            []byte
	peer                            string
}

// ask returns a question as Envoy puts it about a request of the TPP's.
func (w *world) ask(route, method, path string, header ...[2]string) ask {
	a := ask{listener: "mtls", route: route, version: version, method: method, path: path, peer: w.peer}
	a.header = append([][2]string{{"x-request-id", decisionID}, {"x-fapi-interaction-id", interactionID}}, header...)
	return a
}

// askFor is ask for a request that the TPP's own tool has made.
func (w *world) askFor(route string, request *tpp.Request, err error) ask {
	w.t.Helper()
	w.must(err)
	a := w.ask(route, request.Method, strings.TrimPrefix(request.URL, mtlsURL), [2]string{"content-type", request.Header.Get("Content-Type")})
	a.body = request.Body
	return a
}

// registering is the question about a good registration request.
func (w *world) registering() ask {
	w.t.Helper()
	request, err := w.tpp.Register(tpp.Ask{})
	return w.askFor("register", request, err)
}

// reading is the question about a good request for the bank's accounts.
func (w *world) reading(compact string) ask {
	return w.ask("accounts", "GET", "/accounts?page=1", [2]string{"authorization", "Bearer " + compact})
}

func (a ask) with(name, value string) ask {
	a.header = append(append([][2]string{}, a.header...), [2]string{name, value})
	return a
}

// without drops a header.
func (a ask) without(name string) ask {
	var kept [][2]string
	for _, h := range a.header {
		if h[0] != name {
			kept = append(kept, h)
		}
	}
	a.header = kept
	return a
}

func (a ask) request() *authv3.CheckRequest {
	list := &corev3.HeaderMap{}
	for _, h := range a.header {
		list.Headers = append(list.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	extensions := map[string]string{}
	for name, value := range map[string]string{
		routes.ContextListener: a.listener, routes.ContextRoute: a.route, routes.ContextAllow: a.allow, routes.ContextVersion: a.version,
	} {
		if value != "" {
			extensions[name] = value
		}
	}
	return &authv3.CheckRequest{Attributes: &authv3.AttributeContext{
		Source:            &authv3.AttributeContext_Peer{Certificate: a.peer},
		Request:           &authv3.AttributeContext_Request{Http: &authv3.AttributeContext_HttpRequest{Method: a.method, Path: a.path, HeaderMap: list, RawBody: a.body}},
		ContextExtensions: extensions,
	}}
}

// answer is a CheckResponse, read.
type answer struct {
	allowed  bool
	failed   bool // as Envoy counts it
	status   int
	header   http.Header
	rule     string
	body     string
	decision string
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
	if !uuidForm.MatchString(got.decision) || !uuidForm.MatchString(got.header.Get(interactionHeader)) {
		t.Errorf("decision %q, interaction %q: both must be UUIDs", got.decision, got.header.Get(interactionHeader))
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

// logBuffer is a log that several decisions may write.
type logBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logBuffer) Write(line []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(line)
}

// taken returns what was logged since the last call.
func (l *logBuffer) taken() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	defer l.text.Reset()
	return l.text.String()
}
