package sealing

import (
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
)

// Violation is one rule of the specification that a message breaks.
type Violation struct {
	// Path names the field, for example "model_training.hyperparameters[3].name". Empty: the message itself.
	Path string
	// RuleID is the rule's id, for example "string.min_len".
	RuleID string
	// Message says what must hold.
	Message string
}

// Violations applies every rule of the schema. Another error than none means that the rules could not be applied.
func Violations(message proto.Message) ([]Violation, error) {
	err := protovalidate.Validate(message)
	broken, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok {
		return nil, err
	}
	found := make([]Violation, 0, len(broken.Violations))
	for _, each := range broken.Violations {
		found = append(found, Violation{
			Path:    protovalidate.FieldPathString(each.Proto.GetField()),
			RuleID:  each.Proto.GetRuleId(),
			Message: each.Proto.GetMessage(),
		})
	}
	return found, nil
}

// mustKeepRules returns the problem of a message that breaks a rule.
func mustKeepRules(message proto.Message) error {
	found, err := Violations(message)
	if err != nil {
		return fmt.Errorf("rules of the specification: %w", err)
	}
	if len(found) == 0 {
		return nil
	}
	first := found[0]
	return &Problem{
		ID:         "validation",
		Path:       first.Path,
		Reason:     fmt.Sprintf("must keep %s: %s (%d broken in all)", first.RuleID, first.Message, len(found)),
		Violations: found,
	}
}
