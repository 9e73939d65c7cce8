package sealing

import (
	"fmt"
	"os"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
)

// PayloadType is the media type of an encoded record, compared byte by byte.
const PayloadType = "application/vnd.mlspec.record.v1+protobuf"

const (
	maxEnvelope   = 24 << 20
	maxPayload    = 16 << 20
	maxType       = 255
	maxSignatures = 64
	maxSignature  = 1024
	maxKeyID      = 255
)

// Envelope is a DSSE envelope: bytes, what they are, and who signed both. What it holds is nobody's word until it is verified.
type Envelope struct {
	Payload     []byte      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []Signature `json:"signatures"`
}

// Signature is one signature of an envelope.
type Signature struct {
	// KeyID hints at the key that made it, and is no more than that. Empty: no hint.
	KeyID string `json:"keyid,omitempty"`
	// Sig is the raw signature: for Ed25519 64 bytes, for ECDSA its DER form.
	Sig []byte `json:"sig"`
}

// LoadEnvelope reads a file that holds the JSON form.
func LoadEnvelope(path string) (*Envelope, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	envelope, err := ParseEnvelopeJSON(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return envelope, nil
}

// ParseEnvelope reads the protobuf form: one encoded mlspec.v1.Envelope without unknown or duplicate fields.
func ParseEnvelope(data []byte) (*Envelope, error) {
	var message mlspecv1.Envelope
	if err := decode(data, maxEnvelope, &message); err != nil {
		return nil, Unreadable.refuse(err)
	}
	if path := unknownField(&message); path != "" {
		return nil, Unreadable.refuse(problem("decode.unknown_fields", path, "must be a field of an envelope"))
	}
	envelope := &Envelope{Payload: message.GetPayload(), PayloadType: message.GetPayloadType()}
	for _, each := range message.GetSignatures() {
		envelope.Signatures = append(envelope.Signatures, Signature{KeyID: each.GetKeyid(), Sig: each.GetSig()})
	}
	if err := envelope.check(); err != nil {
		return nil, Unreadable.refuse(err)
	}
	return envelope, nil
}

// JSON returns the JSON form.
func (e *Envelope) JSON() ([]byte, error) {
	return json.Marshal(e, jsontext.WithIndent("  "))
}

// PAE returns the bytes that are signed, in which lengths count bytes.
func (e *Envelope) PAE() []byte {
	head := fmt.Sprintf("DSSEv1 %d %s %d ", len(e.PayloadType), e.PayloadType, len(e.Payload))
	return append([]byte(head), e.Payload...)
}

// check says which part does not keep its bounds.
func (e *Envelope) check() error {
	if err := bound("payload", len(e.Payload), maxPayload, "bytes"); err != nil {
		return err
	}
	if err := bound("payloadType", utf8.RuneCountInString(e.PayloadType), maxType, "characters"); err != nil {
		return err
	}
	if err := bound("signatures", len(e.Signatures), maxSignatures, "signatures"); err != nil {
		return err
	}
	for index, each := range e.Signatures {
		path := fmt.Sprintf("signatures[%d]", index)
		if err := bound(path+".sig", len(each.Sig), maxSignature, "bytes"); err != nil {
			return err
		}
		if count := utf8.RuneCountInString(each.KeyID); count > maxKeyID {
			return bound(path+".keyid", count, maxKeyID, "characters")
		}
	}
	return nil
}

func bound(path string, count, most int, unit string) error {
	if count < 1 || count > most {
		return problem("envelope.size", path, "must have 1 to %d %s (got %d)", most, unit, count)
	}
	return nil
}
