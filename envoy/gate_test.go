package envoy_test

import (
	"context"
	"net"
	"sync"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

const interaction = "7b4f2c3e-5f7d-4a3c-9d2b-1c2d3e4f5a6b"

// frozenPath is a path about which the gate never answers.
const frozenPath = "/frozen"

type decide func(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error)

// A gate answers what the test tells it to, and remembers what it was asked.
type gate struct {
	authv3.UnimplementedAuthorizationServer
	path   string
	server *grpc.Server
	health *health.Server

	mu     sync.Mutex
	decide decide
	asked  []*authv3.CheckRequest
}

func startGate(t *testing.T, path string) *gate {
	t.Helper()
	g := &gate{path: path, decide: allow}
	g.start(t)
	t.Cleanup(func() { g.server.Stop() })
	return g
}

func (g *gate) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("unix", g.path)
	if err != nil {
		t.Fatal(err)
	}
	g.server, g.health = grpc.NewServer(), health.NewServer()
	authv3.RegisterAuthorizationServer(g.server, g)
	healthv1.RegisterHealthServer(g.server, g.health)
	go g.server.Serve(listener)
}

// Check implements authv3.AuthorizationServer.
func (g *gate) Check(ctx context.Context, request *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	if request.GetAttributes().GetRequest().GetHttp().GetPath() == frozenPath {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	g.mu.Lock()
	g.asked = append(g.asked, request)
	decide := g.decide
	g.mu.Unlock()
	return decide(ctx, request)
}

// answers sets what the gate does from now on, and forgets what it was asked.
func (g *gate) answers(decide decide) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.decide, g.asked = decide, nil
}

// questions returns what the gate was asked since.
func (g *gate) questions() []*authv3.CheckRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// header returns the values of a header that the gate was shown.
func header(request *authv3.CheckRequest, name string) []string {
	var values []string
	for _, header := range request.GetAttributes().GetRequest().GetHttp().GetHeaderMap().GetHeaders() {
		if header.GetKey() == name {
			values = append(values, string(header.GetRawValue()))
		}
	}
	return values
}

func option(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

func decision() *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{routes.MetadataDecision: structpb.NewStringValue("d-1")}}
}

// allowClient lets everything on, and says that the client is the one that a header names.
func allowClient(ctx context.Context, request *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	answer, err := allow(ctx, request)
	if names := header(request, "test-client"); len(names) > 0 {
		answer.DynamicMetadata.Fields[routes.MetadataClient] = structpb.NewStringValue(names[0])
	}
	return answer, err
}

func allow(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return allowWith(option("x-dcr-facts", "facts"), option("x-fapi-interaction-id", interaction)), nil
}

func allowWith(options ...*corev3.HeaderValueOption) *authv3.CheckResponse {
	return &authv3.CheckResponse{
		Status:          &status.Status{Code: int32(codes.OK)},
		DynamicMetadata: decision(),
		HttpResponse:    &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{Headers: options}},
	}
}

// deny refuses as the gate does: with its own body and headers, and its decision's id.
func deny(code typev3.StatusCode) decide {
	return func(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
		return &authv3.CheckResponse{
			Status:          &status.Status{Code: int32(codes.PermissionDenied)},
			DynamicMetadata: decision(),
			HttpResponse: &authv3.CheckResponse_DeniedResponse{DeniedResponse: &authv3.DeniedHttpResponse{
				Status: &typev3.HttpStatus{Code: code}, Body: refusal, Headers: refusalHeaders(),
			}},
		}, nil
	}
}

// fail is a dependency's outage.
func fail(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return &authv3.CheckResponse{
		Status:          &status.Status{Code: int32(codes.Unavailable)},
		DynamicMetadata: decision(),
		HttpResponse: &authv3.CheckResponse_ErrorResponse{ErrorResponse: &authv3.DeniedHttpResponse{
			Status: &typev3.HttpStatus{Code: typev3.StatusCode_ServiceUnavailable}, Body: refusal, Headers: refusalHeaders(),
		}},
	}, nil
}

const refusal = `{"error":"of_the_gate","error_description":"the gate's own words"}`

func refusalHeaders() []*corev3.HeaderValueOption {
	return []*corev3.HeaderValueOption{
		option("content-type", "application/json"),
		option("www-authenticate", `Bearer realm="dcr"`),
		option("retry-after", "7"),
		option("x-fapi-interaction-id", interaction),
	}
}
