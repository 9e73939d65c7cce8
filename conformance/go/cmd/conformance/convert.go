package main

import (
	"fmt"

	conformancev1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/conformance/v1"
	"github.com/mlspec/mlspec/conformance/go/sealing"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// convert reads a message as the Go runtime does, checks it, and writes it again in both forms.
func convert(task *conformancev1.Convert) *conformancev1.Response {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(task.GetMessageType()))
	if err != nil {
		return unsupported(fmt.Sprintf("no message %s is known here", task.GetMessageType()))
	}
	message := kind.New().Interface()
	if err := read(task, message); err != nil {
		return &conformancev1.Response{Result: &conformancev1.Response_Unreadable{Unreadable: err.Error()}}
	}
	converted := &conformancev1.Converted{}
	if !task.GetRulesOnly() {
		if err := write(message, converted); err != nil {
			return failure(err)
		}
	}
	violations, err := sealing.Violations(message)
	if err != nil {
		converted.Unchecked = proto.String(err.Error())
	}
	converted.Violations = broken(violations)
	return &conformancev1.Response{Result: &conformancev1.Response_Converted{Converted: converted}}
}

func read(task *conformancev1.Convert, message proto.Message) error {
	if input, ok := task.GetInput().(*conformancev1.Convert_Json); ok {
		return protojson.Unmarshal(input.Json, message)
	}
	return proto.Unmarshal(task.GetBinary(), message)
}

func write(message proto.Message, converted *conformancev1.Converted) error {
	binary, err := proto.Marshal(message)
	if err != nil {
		return fmt.Errorf("encoding what was read: %w", err)
	}
	converted.Binary = binary
	text, err := protojson.Marshal(message)
	if err != nil {
		converted.JsonRefusal = proto.String(err.Error())
		return nil
	}
	converted.Json = proto.String(string(text))
	return nil
}

func broken(violations []sealing.Violation) []*conformancev1.RuleViolation {
	var found []*conformancev1.RuleViolation
	for _, each := range violations {
		found = append(found, &conformancev1.RuleViolation{Path: each.Path, RuleId: each.RuleID})
	}
	return found
}
