package sealing

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protopath"
	"google.golang.org/protobuf/reflect/protorange"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxDepth is how deep messages, and values of JSON, may nest, the outermost counted.
const maxDepth = 64

// decode parses one message within the bounds of docs/spec/encoding.md, "What a reader of bytes refuses". Unknown fields stay.
func decode(data []byte, maxBytes int, message proto.Message) error {
	if len(data) > maxBytes {
		return problem("limit.size", "", "must be at most %d bytes (got %d)", maxBytes, len(data))
	}
	if err := (proto.UnmarshalOptions{RecursionLimit: maxDepth}).Unmarshal(data, message); err != nil {
		return problem("decode", "", "must be one encoded message (%v)", err)
	}
	if name := repeatedSingular(data, message.ProtoReflect().Descriptor()); name != "" {
		return problem("decode.duplicate_field", string(name), "must stand in the message once (got it more often)")
	}
	return nil
}

// repeatedSingular names a field that may stand once at the top of a message and stands there more often; two members of one
// oneof are one field. Readers differ in which of the two they show. The data has been parsed before.
func repeatedSingular(data []byte, descriptor protoreflect.MessageDescriptor) protoreflect.Name {
	seen := map[protoreflect.FullName]bool{}
	for len(data) > 0 {
		number, _, size := protowire.ConsumeField(data)
		data = data[size:]
		field := descriptor.Fields().ByNumber(number)
		if field == nil || field.Cardinality() == protoreflect.Repeated {
			continue
		}
		slot := field.FullName()
		if oneof := field.ContainingOneof(); oneof != nil {
			slot = oneof.FullName()
		}
		if seen[slot] {
			return field.Name()
		}
		seen[slot] = true
	}
	return ""
}

// unknownField returns the path of a message, at any depth, that has a field which its schema lacks. Empty: there is none.
func unknownField(message proto.Message) string {
	var found string
	// The visitor returns no error but the one that ends the walk, which Range keeps to itself.
	_ = protorange.Range(message.ProtoReflect(), func(values protopath.Values) error {
		if values.Index(-1).Step.Kind() != protopath.UnknownAccessStep {
			return nil
		}
		found = values.Path.String()
		return protorange.Terminate
	})
	return found
}
