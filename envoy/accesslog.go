package envoy

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// logFields are the members of a line of the access log. The path is there as the name of its route alone: it names
// clients and, in its query, may carry whatever a client puts there. No header of a client's is there but the id that
// the gate, or Envoy, has made sure of.
var logFields = map[string]string{
	"time":           "%START_TIME%",
	"request_id":     "%REQ(x-request-id)%",
	"interaction_id": "%RESP(" + interactionID + ")%",
	"decision":       "%DYNAMIC_METADATA(" + authzFilter + ":" + routes.MetadataDecision + ")%",
	"client":         "%DYNAMIC_METADATA(" + authzFilter + ":" + routes.MetadataClient + ")%",
	"route":          "%ROUTE_NAME%",
	"method":         "%REQ(:method)%",
	"protocol":       "%PROTOCOL%",
	"status":         "%RESPONSE_CODE%",
	"details":        "%RESPONSE_CODE_DETAILS%",
	"flags":          "%RESPONSE_FLAGS%",
	"duration_ms":    "%DURATION%",
	"gate_us":        "%FILTER_STATE(" + authzFilter + ":FIELD:latency_us)%",
	"bytes_in":       "%BYTES_RECEIVED%",
	"bytes_out":      "%BYTES_SENT%",
	"source":         "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
}

func (t *translation) accessLog(listener string) []*accesslogv3.AccessLog {
	fields := &structpb.Struct{Fields: map[string]*structpb.Value{"listener": structpb.NewStringValue(listener)}}
	for name, value := range logFields {
		fields.Fields[name] = structpb.NewStringValue(value)
	}
	return []*accesslogv3.AccessLog{{
		Name: "envoy.access_loggers.file",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: t.pack(&filev3.FileAccessLog{
			Path: t.options.AccessLog,
			AccessLogFormat: &filev3.FileAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
				Format: &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: fields},
			}},
		})},
	}}
}
