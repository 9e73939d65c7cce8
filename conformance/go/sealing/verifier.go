// Package sealing reads, verifies and makes sealed records of MLSpec.
//
// The steps of verification are those of docs/spec/verification.md, "One record"; they stand in Verify.
package sealing

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	mlspecv1 "github.com/mlspec/mlspec/conformance/go/gen/mlspec/v1"
)

// Verifier decides whether an envelope can be relied on.
type Verifier struct {
	// Trust is whom to believe.
	Trust *Trust
	// At is the time that keys are judged at; the caller answers for it. Zero: now.
	At time.Time
	// Understands names the must-understand annotations that the caller acts on.
	Understands []string
	// Version is that of the specification that the program knows. Empty: SpecVersion.
	Version string
}

// signatures is what the signatures of an envelope are worth.
type signatures struct {
	counting []*trustedKey
	lapsed   []string
	misfits  []string
}

// Verify returns a record that can be relied on, or a *RefusedError that says why there is none.
func (v Verifier) Verify(envelope *Envelope) (*VerifiedRecord, error) {
	now := time.Now()
	if v.At.IsZero() {
		v.At = now
	}
	// 1. Trust file.
	if err := v.Trust.usable(now); err != nil {
		return nil, Untrusted.refuse(err)
	}
	// 2. Signatures. 3. Keys.
	signed := v.checkSignatures(envelope)
	if len(signed.counting) == 0 {
		return nil, signed.refuse("signature.unknown_key", "must be signed by a key that the trust file knows")
	}
	// 4. Type.
	if envelope.PayloadType != PayloadType {
		return nil, Unacceptable.refuse(problem("envelope.payload_type", "payloadType",
			"must be %s (got %.255q)", PayloadType, envelope.PayloadType))
	}
	// 5. Parsing. 6. Versions and unknown fields. 7. Stage. 8. Rules.
	understands := func(name string) bool { return slices.Contains(v.Understands, name) }
	accepted, err := reader{v.Version, understands}.accept(envelope.Payload)
	if err != nil {
		return nil, Unacceptable.refuse(err)
	}
	// 9. Role.
	roles := v.Trust.rolesMet(accepted.record.GetHeader(), signed.counting)
	if len(roles) == 0 {
		header := accepted.record.GetHeader()
		return nil, signed.refuse("role.missing", fmt.Sprintf("must be signed in a role for %s in namespace %q, by as many as it asks",
			stageName(header.GetStage()), header.GetNamespaceName()))
	}
	return &VerifiedRecord{
		accepted: *accepted,
		payload:  envelope.Payload,
		sum:      sha256.Sum256(envelope.Payload),
		signers:  signed.counting,
		roles:    roles,
	}, nil
}

// checkSignatures tries the trusted keys on each signature, first the one that its key id names. Key ids decide no more than
// that, and the words of a refusal. A key is counted once.
func (v Verifier) checkSignatures(envelope *Envelope) signatures {
	var found signatures
	data := envelope.PAE()
	made := map[string]bool{}
	for index, signature := range envelope.Signatures {
		named := v.Trust.keys[signature.KeyID]
		key := v.Trust.maker(signature.Sig, data, named)
		switch {
		case key == nil && named != nil:
			found.misfits = append(found.misfits, fmt.Sprintf("signatures[%d] names the key of %s, which did not make it", index, named.identity))
		case key == nil || made[key.ID]:
			continue
		default:
			made[key.ID] = true
			found.count(key, v.At)
		}
	}
	return found
}

func (s *signatures) count(key *trustedKey, at time.Time) {
	if lapse := key.lapse(at); lapse != "" {
		s.lapsed = append(s.lapsed, fmt.Sprintf("the key of %s %s", key.identity, lapse))
		return
	}
	s.counting = append(s.counting, key)
}

// refuse says that nobody who counts vouches: tampered, if somebody seems to and does not.
func (s *signatures) refuse(id, must string) error {
	if len(s.misfits) > 0 {
		return Tampered.refuse(problem("signature.tampered", "signatures", "must fit payload and type (%s)", strings.Join(s.misfits, "; ")))
	}
	if len(s.lapsed) > 0 {
		must += " (" + strings.Join(s.lapsed, "; ") + ")"
	}
	return Untrusted.refuse(problem(id, "signatures", "%s", must))
}

// maker returns the trusted key that made a signature. Nil: there is none.
func (t *Trust) maker(sig, data []byte, named *trustedKey) *trustedKey {
	if named != nil && named.fits(sig, data) {
		return named
	}
	for _, key := range t.keys {
		if key != named && key.fits(sig, data) {
			return key
		}
	}
	return nil
}

func (t *Trust) rolesMet(header *mlspecv1.RecordHeader, signers []*trustedKey) []string {
	var names []string
	for _, role := range t.roles {
		if role.covers(header) && role.met(signers) {
			names = append(names, role.message.GetName())
		}
	}
	return names
}
