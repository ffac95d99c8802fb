package extauthz

import (
	"net/http"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
	"github.com/dcr-gateway/dcr-gateway/dcrfilter/dcr"
	"github.com/dcr-gateway/dcr-gateway/internal/decision"
)

// Envoy reads a zero CheckResponse as ALLOW: it checks only for a status code of 0. So allow and deny are the only functions
// of this package that create one.

// allow lets a request through, with the headers for its upstream.
func allow(line *decision.Line, proved []header) *authv3.CheckResponse {
	headers := make([]*corev3.HeaderValueOption, 0, len(proved)+1)
	for _, h := range proved {
		headers = append(headers, overwrite(h.name, h.value))
	}
	return &authv3.CheckResponse{
		Status: &status.Status{Code: int32(codes.OK)},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{
			Headers: append(headers, overwrite(decision.InteractionHeader, line.Interaction)),
		}},
		DynamicMetadata: metadata(line),
	}
}

// deny refuses a request. help is the URL of the page that explains refusals, or "". A fault of ours becomes Envoy's error
// response, so that an outage is not counted as a denial.
func deny(line *decision.Line, refusal *dcr.Error, help string) *authv3.CheckResponse {
	code, header, body := refusal.Answer(help)
	header.Set(decision.InteractionHeader, line.Interaction)
	denied := &authv3.DeniedHttpResponse{
		Status:  &typev3.HttpStatus{Code: typev3.StatusCode(code)},
		Headers: options(header),
		Body:    string(body),
	}
	response := &authv3.CheckResponse{
		Status:          &status.Status{Code: int32(codes.PermissionDenied)},
		HttpResponse:    &authv3.CheckResponse_DeniedResponse{DeniedResponse: denied},
		DynamicMetadata: metadata(line),
	}
	if code >= http.StatusInternalServerError {
		response.HttpResponse = &authv3.CheckResponse_ErrorResponse{ErrorResponse: denied}
	}
	return response
}

// options returns headers in a fixed order.
func options(header http.Header) []*corev3.HeaderValueOption {
	list := make([]*corev3.HeaderValueOption, 0, len(header))
	for name := range header {
		list = append(list, overwrite(strings.ToLower(name), header.Get(name)))
	}
	slices.SortFunc(list, func(a, b *corev3.HeaderValueOption) int {
		return strings.Compare(a.GetHeader().GetKey(), b.GetHeader().GetKey())
	})
	return list
}

// overwrite replaces a header. Since 1.37 Envoy appends to a client's own header unless the action is explicit.
func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value}, // Envoy reads no raw_value here
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// metadata returns the decision's id, for Envoy's access log and to distinguish the gate's answers from Envoy's local
// replies, and the authenticated client, by which rate plans count.
func metadata(line *decision.Line) *structpb.Struct {
	fields := map[string]*structpb.Value{routes.MetadataDecision: structpb.NewStringValue(line.ID)}
	if line.Client != "" {
		fields[routes.MetadataClient] = structpb.NewStringValue(line.Client)
	}
	return &structpb.Struct{Fields: fields}
}
