package envoy

import (
	"fmt"
	"net/http"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	managerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// uuid is the form that a client's interaction id must have to be returned to it (RFC 4122).
const uuid = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

// notUUID are patterns of which every other text matches at least one, each small enough for Envoy. Envoy's header matcher
// is satisfied if one of several headers of a name matches, and returns the first: so none may match any of these.
var notUUID = []string{
	`.*[^0-9a-fA-F-].*`,          // another character; the others need not consider these
	`[!-~]{0,35}`, `[!-~]{37}.*`, // too short, too long
	`[!-~]{8}[^-].*`, `[!-~]{13}[^-].*`, `[!-~]{18}[^-].*`, `[!-~]{23}[^-].*`, // no dash where one must be
	`.*-.*-.*-.*-.*-.*`, // a dash more than there are
}

// A reply is a response that Envoy generates itself, in the form of our other refusals.
type reply struct {
	status            uint32 // 0 stands for all others
	code, description string
}

// serverError is only Envoy's: the gate never answers 500. If the gate does something that it may not do, such as setting a
// header that is not its own, Envoy answers this instead.
var serverError = reply{http.StatusInternalServerError, "server_error", "the request could not be answered"}

// healthy is the answer of the health filter. Nobody else answers 200 for Envoy.
var healthy = reply{status: http.StatusOK}

var replies = []reply{
	healthy,
	{http.StatusBadRequest, "invalid_request", "the request is not well-formed"},
	{http.StatusForbidden, "access_denied", "the request asks for something that is not offered here"},
	{http.StatusNotFound, "not_found", "there is nothing at this path"},
	{http.StatusRequestTimeout, "request_timeout", "the request did not arrive in time"},
	{http.StatusRequestEntityTooLarge, "request_too_large", "the body is larger than this path takes"},
	{http.StatusUpgradeRequired, "upgrade_required", "HTTP/1.1 or HTTP/2 is needed"},
	{http.StatusTooManyRequests, "too_many_requests", "the rate plan of this path allows no more requests now; try again later"},
	{http.StatusRequestHeaderFieldsTooLarge, "request_too_large", "the header is larger than is taken here"},
	{http.StatusBadGateway, "temporarily_unavailable", "the request could not be answered now; try again later"},
	{http.StatusServiceUnavailable, "temporarily_unavailable", "the request could not be answered now; try again later"},
	{http.StatusGatewayTimeout, "temporarily_unavailable", "the request could not be answered in time; try again later"},
	{0, "invalid_request", "the request could not be answered"},
}

// localReplies gives all responses that Envoy generates the same shape. The first mapper that matches applies: after the
// one for 500 comes one that leaves the gate's own answers unchanged.
func localReplies() *managerv3.LocalReplyConfig {
	mappers := append(serverError.mappers(), &managerv3.ResponseMapper{Filter: gateAnswer(), HeadersToAdd: hardened()})
	for _, reply := range replies {
		mappers = append(mappers, reply.mappers()...)
	}
	return &managerv3.LocalReplyConfig{Mappers: mappers}
}

// mappers returns two mappers: one for clients whose interaction id is a UUID, which is returned to them, one for others.
func (r reply) mappers() []*managerv3.ResponseMapper {
	return []*managerv3.ResponseMapper{
		r.mapper(both(append(hasInteractionID(), r.filter())...), "%REQ("+interactionID+")%"),
		r.mapper(r.filter(), "%UNIQUE_ID%"),
	}
}

// gateAnswer recognises a refusal by the gate: the filter's flag, and the id of the gate's decision.
func gateAnswer() *accesslogv3.AccessLogFilter {
	flag := &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ResponseFlagFilter{
		ResponseFlagFilter: &accesslogv3.ResponseFlagFilter{Flags: []string{"UAEX"}},
	}}
	decision := &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_MetadataFilter{
		MetadataFilter: &accesslogv3.MetadataFilter{
			MatchIfKeyNotFound: no(),
			Matcher: &matcherv3.MetadataMatcher{
				Filter: authzFilter,
				Path: []*matcherv3.MetadataMatcher_PathSegment{{
					Segment: &matcherv3.MetadataMatcher_PathSegment_Key{Key: routes.MetadataDecision},
				}},
				Value: &matcherv3.ValueMatcher{MatchPattern: &matcherv3.ValueMatcher_PresentMatch{PresentMatch: true}},
			},
		},
	}}
	return both(flag, decision)
}

// hasInteractionID says that the client sent an interaction id, and that every one it sent is a UUID.
func hasInteractionID() []*accesslogv3.AccessLogFilter {
	filters := []*accesslogv3.AccessLogFilter{interactionIDIs(uuid, true)}
	for _, form := range notUUID {
		filters = append(filters, interactionIDIs(form, false))
	}
	return filters
}

// interactionIDIs matches requests of which some header of that name has the form or, inverted, none has.
func interactionIDIs(form string, some bool) *accesslogv3.AccessLogFilter {
	pattern := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{
		SafeRegex: &matcherv3.RegexMatcher{Regex: form},
	}}
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_HeaderFilter{
		HeaderFilter: &accesslogv3.HeaderFilter{Header: &routev3.HeaderMatcher{
			Name:                 interactionID,
			HeaderMatchSpecifier: &routev3.HeaderMatcher_StringMatch{StringMatch: pattern},
			InvertMatch:          !some,
		}},
	}}
}

func both(filters ...*accesslogv3.AccessLogFilter) *accesslogv3.AccessLogFilter {
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_AndFilter{
		AndFilter: &accesslogv3.AndFilter{Filters: filters},
	}}
}

func (r reply) filter() *accesslogv3.AccessLogFilter {
	comparison := &accesslogv3.ComparisonFilter{
		Op: accesslogv3.ComparisonFilter_EQ,
		// Envoy requires a runtime key that could override the value; no runtime layer sets it.
		Value: &corev3.RuntimeUInt32{DefaultValue: r.status, RuntimeKey: fmt.Sprintf("dcr.local_reply.%d", r.status)},
	}
	if r.status == 0 {
		comparison.Op = accesslogv3.ComparisonFilter_GE
	}
	return &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_StatusCodeFilter{
		StatusCodeFilter: &accesslogv3.StatusCodeFilter{Comparison: comparison},
	}}
}

func (r reply) mapper(filter *accesslogv3.AccessLogFilter, id string) *managerv3.ResponseMapper {
	headers := append(hardened(),
		overwrite("cache-control", "no-store"),
		overwrite("pragma", "no-cache"),
		overwrite(interactionID, id),
	)
	switch r.status {
	case http.StatusServiceUnavailable:
		headers = append(headers, overwrite("retry-after", "2"))
	case http.StatusTooManyRequests: // the rate limit filter sets a better value, if it knows one
		headers = append(headers, addIfAbsent("retry-after", "1"))
	}
	body := map[string]*structpb.Value{"error": structpb.NewStringValue(r.code), "error_description": structpb.NewStringValue(r.description)}
	if r == healthy {
		body = map[string]*structpb.Value{"status": structpb.NewStringValue("ok")}
	}
	return &managerv3.ResponseMapper{
		Filter:       filter,
		HeadersToAdd: headers,
		BodyFormatOverride: &corev3.SubstitutionFormatString{Format: &corev3.SubstitutionFormatString_JsonFormat{
			JsonFormat: &structpb.Struct{Fields: body},
		}},
	}
}
