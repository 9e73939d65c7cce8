package sealing

import (
	"crypto"
	"crypto/rand"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
)

// Sealer seals the bytes of records with one key.
type Sealer struct {
	// Key signs: of a file (ParsePrivateKey), or of a key service behind the same interface.
	Key crypto.Signer
	// Version is that of the specification that the program knows. Empty: SpecVersion.
	Version string
}

// Seal signs the bytes of one encoded record as they are, or returns a *RefusedError that says why it does not.
func (s Sealer) Seal(payload []byte) (*Envelope, error) {
	public, err := NewPublicKey(s.Key.Public())
	if err != nil {
		return nil, err
	}
	if err := s.mayBeSealed(payload); err != nil {
		return nil, Unacceptable.refuse(err)
	}
	envelope := &Envelope{Payload: payload, PayloadType: PayloadType}
	var hash crypto.Hash // Ed25519 signs the message itself.
	if public.Algorithm == mlspecv1.KeyAlgorithm_KEY_ALGORITHM_ECDSA_P256 {
		hash = crypto.SHA256
	}
	sig, err := crypto.SignMessage(s.Key, rand.Reader, envelope.PAE(), hash)
	if err != nil {
		return nil, err
	}
	envelope.Signatures = []Signature{{KeyID: public.ID, Sig: sig}}
	return envelope, nil
}

// mayBeSealed is steps 1 to 4 of docs/spec/signing.md, "Sealing, step by step".
func (s Sealer) mayBeSealed(payload []byte) error {
	// What its own author asks readers to understand is for them to judge.
	own := func(string) bool { return true }
	accepted, err := reader{s.Version, own}.accept(payload)
	if err == nil && accepted.newer {
		err = problem("version.newer", "header.spec_version", "must not be newer than this program (got %s)",
			accepted.record.GetHeader().GetSpecVersion())
	}
	return err
}
