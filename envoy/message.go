package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dcr-gateway/dcr-gateway/envoy/routes"
)

// pack wraps a message, always into the same bytes.
func (t *translation) pack(message proto.Message) *anypb.Any {
	packed := new(anypb.Any)
	err := anypb.MarshalFrom(packed, message, proto.MarshalOptions{Deterministic: true})
	if err != nil && t.err == nil {
		t.err = err
	}
	return packed
}

func (t *translation) address(text string) *corev3.Address {
	address, err := routes.ParseAddress(text)
	if err != nil && t.err == nil {
		t.err = err
	}
	if address.Socket != "" {
		pipe := &corev3.Pipe{Path: address.Socket, Mode: 0o600}
		return &corev3.Address{Address: &corev3.Address_Pipe{Pipe: pipe}}
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       address.Host,
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(address.Port)},
	}}}
}

func duration(d time.Duration) *durationpb.Duration { return durationpb.New(d) }

func number(n uint32) *wrapperspb.UInt32Value { return wrapperspb.UInt32(n) }

func yes() *wrapperspb.BoolValue { return wrapperspb.Bool(true) }

func no() *wrapperspb.BoolValue { return wrapperspb.Bool(false) }

func text(value string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineString{InlineString: value}}
}

// overwrite sets a header, whatever there was before. Without the action spelt out Envoy appends since 1.37.
func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}
