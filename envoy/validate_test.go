package envoy

import (
	"strings"
	"testing"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	authzv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_authz/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func TestValidateLooksIntoAny(t *testing.T) {
	packed := func(message proto.Message) *anypb.Any {
		t.Helper()
		packed, err := anypb.New(message)
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	broken := packed(new(authzv3.ExtAuthzPerRoute)) // its oneof is required
	for _, c := range []struct {
		name    string
		message proto.Message
		want    string // "" for valid
	}{
		{"in a map", &routev3.VirtualHost{Name: "a", Domains: []string{"*"}, TypedPerFilterConfig: map[string]*anypb.Any{"b": broken}}, "ExtAuthzPerRoute"},
		{"in a list", &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{
			Name: "a", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: broken},
		}}}, "ExtAuthzPerRoute"},
		{"in another one", packed(&listenerv3.Filter{Name: "a", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: broken}}), "ExtAuthzPerRoute"},
		{"outside", &listenerv3.Filter{}, "Filter: invalid Filter.Name"},
		{"unknown type", &anypb.Any{TypeUrl: "type.googleapis.com/no.Such"}, "not found"},
		{"none", &listenerv3.Filter{Name: "a"}, ""},
	} {
		err := validate(c.message)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: have %v, want %q", c.name, err, c.want)
		}
	}
}
