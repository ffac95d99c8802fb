package envoy

import (
	"fmt"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/dcr-gateway/dcr-gateway/config/routes"
)

// A checkable message validates its fields and nested messages by Envoy's rules, but not what is packed into an Any.
type checkable interface {
	proto.Message
	ValidateAll() error
}

// check validates a message by Envoy's rules.
func (t *translation) check(message checkable) {
	if err := message.ValidateAll(); err != nil {
		t.fail(fmt.Errorf("the configuration is not valid: %s: %w", message.ProtoReflect().Descriptor().Name(), err))
	}
}

// pack wraps a message deterministically. Validation does not look into an Any, so pack validates the message.
func (t *translation) pack(message checkable) *anypb.Any {
	t.check(message)
	packed := new(anypb.Any)
	if err := anypb.MarshalFrom(packed, message, proto.MarshalOptions{Deterministic: true}); err != nil {
		t.fail(err)
	}
	return packed
}

func (t *translation) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

func (t *translation) address(text string) *corev3.Address {
	address, err := routes.ParseAddress(text)
	if err != nil {
		t.fail(err)
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

func number[N ~int | ~uint32 | ~uint64](n N) *wrapperspb.UInt32Value {
	return wrapperspb.UInt32(uint32(n))
}

func yes() *wrapperspb.BoolValue { return wrapperspb.Bool(true) }

func no() *wrapperspb.BoolValue { return wrapperspb.Bool(false) }

// overwrite sets a header and replaces any value it had. Since 1.37 Envoy appends unless the action is explicit.
func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

func addIfAbsent(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_ADD_IF_ABSENT,
	}
}
