package sealing

import (
	"errors"
	"fmt"
)

// Kind is the outcome of something that was not accepted, as the table in docs/spec/verification.md names it.
type Kind int

// The kinds of refusal. There is no zero kind.
const (
	// Tampered: no key that counts vouches, and some signature names a trusted key that did not make it.
	Tampered Kind = iota + 1
	// Unacceptable: it is no record that may be relied on, or sealed.
	Unacceptable
	// Unreadable: it is no envelope, or no trust file.
	Unreadable
	// Untrusted: nothing is forged, but no trusted key, role or threshold vouches.
	Untrusted
)

var kinds = map[Kind]struct{ name, remedy string }{
	Tampered:     {"tampered", "Payload, type or signature was changed after signing: get the original."},
	Unacceptable: {"unacceptable", "Do not use the record; ask its author for one that keeps the specification."},
	Unreadable:   {"unreadable", "Check that the file is complete, and of the form that it is said to be."},
	Untrusted:    {"untrusted", "Have a holder of the role sign, or get the trust file that is for this signer."},
}

// String returns the kind's name.
func (k Kind) String() string { return kinds[k].name }

// Problem is one thing that does not hold.
type Problem struct {
	// ID is stable, for programs.
	ID string
	// Path says where it is. Empty: the whole.
	Path string
	// Reason says what must hold, and what was found.
	Reason string
	// Violations are the rules of the specification that are broken, where those are the problem.
	Violations []Violation
}

// Error returns path and reason.
func (p *Problem) Error() string {
	if p.Path == "" {
		return p.Reason
	}
	return p.Path + ": " + p.Reason
}

// RefusedError is what reading, verifying and sealing return for whatever they do not accept.
type RefusedError struct {
	Kind Kind
	*Problem
}

// Error returns the kind, what is wrong and what to do.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: %s [%s] %s", e.Kind, e.Problem, e.ID, kinds[e.Kind].remedy)
}

func problem(id, path, format string, values ...any) error {
	return &Problem{ID: id, Path: path, Reason: fmt.Sprintf(format, values...)}
}

// refuse makes a problem a refusal; another error is the program's own and stays what it is.
func (k Kind) refuse(err error) error {
	if found, ok := errors.AsType[*Problem](err); ok {
		return &RefusedError{Kind: k, Problem: found}
	}
	return err
}
