package main

import (
	"errors"

	conformancev1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/conformance/v1"
	"github.com/mlspec/mlspec/conformance/go/sealing"
)

var refusals = map[sealing.Kind]conformancev1.Refusal{
	sealing.Tampered:     conformancev1.Refusal_REFUSAL_TAMPERED,
	sealing.Unacceptable: conformancev1.Refusal_REFUSAL_UNACCEPTABLE,
	sealing.Unreadable:   conformancev1.Refusal_REFUSAL_UNREADABLE,
	sealing.Untrusted:    conformancev1.Refusal_REFUSAL_UNTRUSTED,
}

func seal(task *conformancev1.Seal) *conformancev1.Response {
	key, err := sealing.ParsePrivateKey([]byte(task.GetPrivateKey()))
	if err != nil {
		return failure(err)
	}
	envelope, err := sealing.Sealer{Key: key, Version: task.GetReaderVersion()}.Seal(task.GetPayload())
	if err != nil {
		return refused(err)
	}
	text, err := envelope.JSON()
	if err != nil {
		return failure(err)
	}
	sealed := &conformancev1.Sealed{Envelope: text}
	return &conformancev1.Response{Result: &conformancev1.Response_Sealed{Sealed: sealed}}
}

func verify(task *conformancev1.Verify) *conformancev1.Response {
	trust, err := sealing.ParseTrust(task.GetTrust())
	if err != nil {
		return refused(err)
	}
	envelope, err := readEnvelope(task)
	if err != nil {
		return refused(err)
	}
	record, err := sealing.Verifier{
		Trust:       trust,
		At:          task.GetAt().AsTime(),
		Understands: task.GetUnderstoodAnnotations(),
		Version:     task.GetReaderVersion(),
	}.Verify(envelope)
	if err != nil {
		return refused(err)
	}
	sum := record.SHA256()
	verified := &conformancev1.Verified{
		PayloadSha256:   sum[:],
		Payload:         record.Payload(),
		Keyids:          record.KeyIDs(),
		Roles:           record.Roles(),
		FullyUnderstood: len(record.Doubts()) == 0,
	}
	return &conformancev1.Response{Result: &conformancev1.Response_Verified{Verified: verified}}
}

func readEnvelope(task *conformancev1.Verify) (*sealing.Envelope, error) {
	if input, ok := task.GetEnvelope().(*conformancev1.Verify_Json); ok {
		return sealing.ParseEnvelopeJSON(input.Json)
	}
	return sealing.ParseEnvelope(task.GetBinary())
}

// refused answers with a refusal; any other error is a failure of this program.
func refused(err error) *conformancev1.Response {
	reason, ok := errors.AsType[*sealing.RefusedError](err)
	if !ok {
		return failure(err)
	}
	refused := &conformancev1.Refused{
		Refusal:    refusals[reason.Kind],
		Reason:     reason.Error(),
		Violations: broken(reason.Violations),
	}
	return &conformancev1.Response{Result: &conformancev1.Response_Refused{Refused: refused}}
}
