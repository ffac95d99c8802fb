package envoy

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// validate asks each message whether it keeps Envoy's rules for it, also those wrapped in an Any, which the messages
// around them do not look into.
func validate(message proto.Message) error {
	var found []error
	if validator, ok := message.(interface{ ValidateAll() error }); ok {
		if err := validator.ValidateAll(); err != nil {
			found = append(found, fmt.Errorf("%s: %w", message.ProtoReflect().Descriptor().Name(), err))
		}
	}
	return errors.Join(append(found, validatePacked(message.ProtoReflect()))...)
}

func validatePacked(message protoreflect.Message) error {
	if packed, ok := message.Interface().(*anypb.Any); ok {
		inner, err := packed.UnmarshalNew()
		if err != nil {
			return err
		}
		return validate(inner)
	}
	var found []error
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() && field.MapValue().Message() != nil:
			value.Map().Range(func(_ protoreflect.MapKey, value protoreflect.Value) bool {
				found = append(found, validatePacked(value.Message()))
				return true
			})
		case field.IsList() && field.Message() != nil:
			for i := range value.List().Len() {
				found = append(found, validatePacked(value.List().Get(i).Message()))
			}
		case !field.IsMap() && !field.IsList() && field.Message() != nil:
			found = append(found, validatePacked(value.Message()))
		}
		return true
	})
	return errors.Join(found...)
}
